"""Why some entries of one track and budget are not ranked together: what is not alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from seesaw.reports.board import Board
from seesaw.reports.boards import shared
from seesaw.reports.markup import plain
from seesaw.suite.records.spec import CANONICAL
from seesaw.suite.records.tuning import LEARNING_RATE

NONE = "nothing"
"""Said of what only one of two boards has."""
MOST = 24
"""Characters of a value that are shown; hashes are longer."""


def largest(found: Iterable[Board]) -> dict[tuple[str, str], Board]:
    """The board with most entries, by track and budget; the first of those with as many."""
    best: dict[tuple[str, str], Board] = {}
    for board in found:
        known = best.setdefault((board.track, board.size), board)
        if len(board.entries) > len(known.entries):
            best[board.track, board.size] = board
    return best


def untuned(found: Iterable[Board]) -> dict[str, Board]:
    """By the name of a tuned board the one that is alike but has the track's own settings."""
    named = {board.name: (board, _but_for_tuning(board)) for board in found}
    plain_ones = {alike: own for own, alike in named.values() if own.tuned is None}
    return {
        name: plain_ones[alike]
        for name, (board, alike) in named.items()
        if board.tuned is not None and alike in plain_ones
    }


def _but_for_tuning(board: Board) -> str:
    alike = shared(board.example)
    alike["recipe"].pop(LEARNING_RATE, None)
    alike.pop("tuned", None)
    return CANONICAL.encode([board.track, board.size, alike])


def unlike(board: Board, main: Board) -> str:
    """Why its entries are not ranked with those of the main board; empty of that itself."""
    if board is main:
        return ""
    return (
        f"Not ranked with the entries under conditions `{main.conditions}`, which are not alike: "
        f"{'; '.join(differences(board, main))}."
    )


def differences(board: Board, other: Board) -> Iterator[str]:
    """Every condition that differs, with what it is here and there."""
    here, there = (dict(_flat(shared(own.example))) for own in (board, other))
    for name in dict.fromkeys((*here, *there)):
        one, two = here.get(name, NONE), there.get(name, NONE)
        if one != two:
            yield f"{plain(name)} is {_short(one)} here, {_short(two)} there"


def _flat(value: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for name, own in value.items():
        if isinstance(own, Mapping) and own:
            yield from _flat(own, f"{within}{name}.")
        else:
            yield within + name, own


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return plain(text if len(text) <= MOST else text[: MOST - 1] + "…")
