"""Verdicts on records, kept in the user's cache folder so that nothing is checked twice."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

from seesaw.suite.records.code import code_sha256

KEPT = 5
"""Files of verdicts by other states of the code that stay."""


@dataclass(frozen=True)
class Verdict:
    """What was found about one record.

    `notes` say what could not be checked; `fingerprint` is a hash of what its outcomes hold, in
    whatever file; `lasting` says that another look with the same code would find the same.
    """

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fingerprint: str | None = None
    lasting: bool = True


def folder() -> Path:
    """Where the user's programs keep what can be made again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seesaw"


def key(*parts: str) -> str:
    """One name for what a verdict depends on."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Verdicts:
    """Verdicts by key, of this state of the code; another state's have a file of their own.

    A cache that cannot be read or written costs time and nothing else.
    """

    def __init__(self) -> None:
        self.path = folder() / f"verdicts-{code_sha256()[:16]}.json"
        self.known = _read(self.path)
        self.fresh: dict[str, Verdict] = {}

    def get(self, name: str) -> Verdict | None:
        """The verdict kept under `name`, if there is one."""
        return self.known.get(name)

    def put(self, name: str, verdict: Verdict) -> None:
        """Keep a verdict if it lasts."""
        if verdict.lasting:
            self.known[name] = self.fresh[name] = verdict

    def save(self) -> None:
        """Write what is new, beside what other processes have written meanwhile."""
        if not self.fresh:
            return
        content = json.dumps({n: asdict(v) for n, v in (_read(self.path) | self.fresh).items()})
        temporary = self.path.with_name(f"{self.path.name}.{uuid.uuid4().hex}.tmp")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(content)
            os.replace(temporary, self.path)
            others = sorted(self.path.parent.glob("verdicts-*.json"), key=os.path.getmtime)
            for path in others[:-KEPT]:
                path.unlink(missing_ok=True)
        except OSError:
            return
        self.fresh = {}


def _read(path: Path) -> dict[str, Verdict]:
    try:
        raw = json.loads(path.read_bytes())
        return {name: Verdict(**own) for name, own in raw.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
