"""The command that makes records again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import played_on


def command_of(records: Sequence[Record]) -> str:
    """A call of `seesaw bench` for records of one entry that differ in their seeds alone.

    It is for the commit that they name.
    """
    spec, seeds = records[0].spec, sorted({record.spec.seed for record in records})
    options = ",".join(f"{name}={value}" for name, value in sorted(spec.options.items()))
    asked = f"{spec.method}[{options}]" if options else spec.method
    track = played_on(spec.track)
    words = ["seesaw", "bench", asked, "--track", track]
    words += ["--tasks", ",".join(spec.tasks)] if spec.track != track else []
    words += ["--budget", str(spec.budget), "--seeds", ",".join(map(str, seeds))]
    words += ["--budget-kind", "active"] if spec.budget_kind == "active" else []
    words += ["--tuned"] if spec.tuned is not None else []
    words += ["--threads", str(records[0].provenance.threads)]
    return shlex.join(words)
