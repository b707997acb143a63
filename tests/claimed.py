"""Claims in a few lines, and records of runs whose truth is known, for tests of claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from records import record, spec

from seesaw.reports.boards import boards
from seesaw.reports.claims.cell import Facts
from seesaw.reports.claims.decide import Decided, decide
from seesaw.reports.claims.found import Stored
from seesaw.reports.claims.read import Claims, read
from seesaw.reports.evidence import unknown
from seesaw.reports.judgement import Judgement
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned
from seesaw.suite.records.speed import SpeedRecord
from seesaw.tasks.catalogue import UnknownTrack

TRACK = "sentences@1"
KNOWN = (TRACK, "scenes@1", "stories@1")
ROW = 'id = "1"\nsays = "it is so"\npaper = "a paper"\nnumber = "+1"\ncommand = "seesaw bench lora"'


def facts_of(name: str) -> Facts:
    """Tracks of a budget of 1,000 and the tasks `a` and `b`."""
    if name not in KNOWN:
        raise UnknownTrack(name, KNOWN)
    return Facts(name, 1000, ("a", "b"), False)


def claim(part: str, row: str = ROW) -> str:
    """The text of one claim with one part."""
    return f'[[claim]]\n{row}\n[[claim.part]]\ntracks = ["{TRACK}"]\n{part}\n'


def parsed(tmp_path: Path, text: str) -> Claims:
    """The claims that are written so."""
    path = tmp_path / "claims.toml"
    path.write_text(text)
    return read(path, facts_of)


def run(entry: str, seed: int, score: float, noise: float = 0.003, **changes: Any) -> Record:
    """A run whose score is that one but for the noise of its seed; `entry` may have options."""
    method, *options = entry.split("+")
    given = dict(option.split("=") for option in options)
    rng = np.random.default_rng([seed, *entry.encode()])
    of = spec(method, seed).model_copy(update={"options": given, **changes.pop("spec", {})})
    return record(None, of, float(score + noise * rng.standard_normal()), **changes)


def runs(scores: Mapping[str, float], seeds: int = 5, **changes: Any) -> list[Record]:
    """Runs of several entries by their scores."""
    each = [(entry, seed) for entry in scores for seed in range(seeds)]
    return [run(entry, seed, scores[entry], **{**changes}) for entry, seed in each]


def tuned_run(entry: str, seed: int, score: float, noise: float = 0.003) -> Record:
    """A run at tuned settings."""
    values = {"learning_rate": 1e-3}
    point = Tuned(space="0" * 12, trials=4, number=1, values=values, trial=False)
    return run(entry, seed, score, noise, spec={"tuned": point, "recipe": dict(values)})


def trial(entry: str, number: int, rate: float, score: float) -> Record:
    """A trial at some learning rate; number 0 is the reference."""
    values = {"learning_rate": rate}
    point = Tuned(space="0" * 12, trials=4, number=number, values=values, trial=True)
    return run(entry, 0, score, 0.0, spec={"tuned": point, "recipe": dict(values)})


def decided(
    claims: Claims, records: Iterable[Record], speed: Iterable[SpeedRecord] = ()
) -> list[Decided]:
    """What records say to claims."""
    records, speed = list(records), list(speed)
    judged = [Judgement(board, unknown) for board in boards(records, speed)]
    return decide(claims, Stored(judged, records, speed))


def verdict(
    tmp_path: Path, part: str, records: Iterable[Record], speed: Iterable[SpeedRecord] = ()
) -> str:
    """What records say to a claim of one part."""
    (own,) = decided(parsed(tmp_path, claim(part)), records, speed)
    return own.said
