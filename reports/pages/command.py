"""The command that makes a record again."""

from __future__ import annotations

import shlex

from seesaw.suite.records.record import Record, played_on


def command_of(record: Record) -> str:
    """A call of `seesaw bench` for the same spec, from the commit that the record names."""
    spec = record.spec
    options = ",".join(f"{name}={value}" for name, value in sorted(spec.options.items()))
    asked = f"{spec.method}[{options}]" if options else spec.method
    track = played_on(spec.track)
    words = ["seesaw", "bench", asked, "--track", track]
    words += ["--tasks", ",".join(spec.tasks)] if spec.track != track else []
    words += ["--budget", str(spec.budget), "--seeds", str(spec.seed)]
    words += ["--budget-kind", "active"] if spec.budget_kind == "active" else []
    words += ["--tuned"] if spec.tuned is not None else []
    words += ["--threads", str(record.provenance.threads)]
    return shlex.join(words)
