"""Reading `claims.toml`: whatever is wrong with it is said by file, row and field."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from seesaw.reports.claims.cell import Facts
from seesaw.reports.claims.form import RULES, Claim, Part, Point
from seesaw.tasks.strict import StrictModel

FILE = Path(__file__).parents[1] / "claims.toml"
"""The claims that come with the suite."""
M = TypeVar("M", bound=StrictModel)


class ClaimError(ValueError):
    """Claims that cannot be used; the message names file, row and field, and the closest names."""


@dataclass(frozen=True)
class Claims:
    """All claims of a file, and what is known of the tracks they name."""

    rows: Sequence[Claim]
    facts: Mapping[str, Facts]
    file: str


def read(path: Path, facts_of: Callable[[str], Facts]) -> Claims:
    """The claims of a file.

    Args:
        path: of the TOML file.
        facts_of: what is known of a track; raises ValueError with the closest names of another one.

    Raises:
        ClaimError: it is no such file, or a row has an unknown rule, key, track or task, or a value
            that means nothing.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ClaimError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ClaimError(f"{path} is not TOML: {error}") from None
    if unknown := [key for key in raw if key != "claim"]:
        raise ClaimError(f"{path}: {_unknown('key', unknown[0], ['claim'])}")
    listed = raw.get("claim", [])
    if not isinstance(listed, list) or not all(isinstance(own, dict) for own in listed):
        raise ClaimError(f"{path}: claims are tables, each under [[claim]]")
    facts: dict[str, Facts] = {}
    rows = [_claim(path, number, own, facts, facts_of) for number, own in enumerate(listed, 1)]
    ids = [own.id for own in rows]
    if twice := sorted({own for own in ids if ids.count(own) > 1}):
        raise ClaimError(f"{path}: claim {twice[0]}: there are two of this id")
    return Claims(rows, facts, path.name)


def _claim(
    path: Path,
    number: int,
    raw: Mapping[str, Any],
    facts: dict[str, Facts],
    facts_of: Callable[[str], Facts],
) -> Claim:
    where = f"{path}: claim {raw.get('id', f'number {number}')}"
    given = raw.get("part", [])
    if not isinstance(given, list) or not all(isinstance(own, dict) for own in given):
        raise ClaimError(f"{where}: parts are tables, each under [[claim.part]]")
    parts = []
    for place, own in enumerate(given, 1):
        part = _part(f"{where}, part {place}", own)
        _check_places(f"{where}, part {place}", part, facts, facts_of)
        parts.append(part)
    rest = {name: value for name, value in raw.items() if name != "part"}
    if "parts" in rest:
        raise ClaimError(f"{where}: {_unknown('key', 'parts', ['part'])}")
    return _made(where, Claim, {**rest, "parts": tuple(parts)})


def _part(where: str, raw: Mapping[str, Any]) -> Part:
    rule = raw.get("rule")
    if not isinstance(rule, str) or rule not in RULES:
        raise ClaimError(f"{where}: {_unknown('rule', rule, RULES)}")
    return _made(where, RULES[rule], raw)


def _made(where: str, kind: type[M], raw: Mapping[str, Any]) -> M:
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        # a key that is misspelt makes another one missing
        first = min(error.errors(), key=lambda own: own["type"] != "extra_forbidden")
        field = ".".join(map(str, first["loc"]))
        if first["type"] == "extra_forbidden":
            known = Point.model_fields if first["loc"][0] == "points" else kind.model_fields
            said = _unknown("key", first["loc"][-1], known)
            raise ClaimError(f"{where}: {said}") from None
        said = first["msg"].removeprefix("Value error, ")
        given = f" is {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
        raise ClaimError(f"{where}: {field}{given}: {said}".replace(": : ", ": ")) from None


def _check_places(
    where: str, part: Part, facts: dict[str, Facts], facts_of: Callable[[str], Facts]
) -> None:
    for track, tasks in part.places.items():
        if track not in facts:
            try:
                facts[track] = facts_of(track)
            except ValueError as error:
                raise ClaimError(f"{where}: {error}") from None
            if facts[track].slug != track:
                raise ClaimError(f"{where}: track {track!r} must be written {facts[track].slug!r}")
        for task in tasks:
            if task not in facts[track].tasks:
                said = _unknown(f"task of {track}", task, facts[track].tasks)
                raise ClaimError(f"{where}: {said}")


def _unknown(kind: str, name: object, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(str(name), names, n=3, cutoff=0.4) or names
    return f"unknown {kind} {name!r}; did you mean: {', '.join(close)}?"
