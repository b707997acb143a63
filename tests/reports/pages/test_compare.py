"""Every pair of a board, overall and by task."""

from __future__ import annotations

from itertools import combinations

import pytest
from records import record, spec

from seesaw.reports.boards import boards
from seesaw.reports.evidence import unknown
from seesaw.reports.judgement import Judgement
from seesaw.reports.pages.compare import MOST, compared


def judged(**scores: float) -> Judgement:
    """A board with an entry for each score, three seeds each."""
    records = [
        record(None, spec(name, seed), score + 0.001 * (seed + 1) * len(name))
        for name, score in scores.items()
        for seed in range(3)
    ]
    (board,) = boards(records)
    return Judgement(board, unknown)


def test_all_pairs_stand_there_the_better_one_first() -> None:
    found = compared(judged(lora=0.6, smora=0.7, ase=0.8))
    assert [entry.name for entry in found.entries] == ["ase", "smora", "lora"]
    assert list(found.pairs) == list(combinations(range(3), 2))
    for (one, other), pair in found.pairs.items():
        assert (pair.one, pair.other) == (found.entries[one], found.entries[other])
        assert pair.whole.gain.mean > 0
        assert set(pair.tasks) == {"a", "b"}
        for own in pair.tasks.values():
            assert own.gain.mean == pytest.approx(pair.whole.gain.mean)


def test_verdicts_are_those_against_lora() -> None:
    own = judged(lora=0.6, smora=0.7)
    (pair,) = compared(own).pairs.values()
    (smora,) = [entry for entry in own.board.entries if entry.name == "smora"]
    assert pair.whole == own.against["LoRA"][smora.key]


def test_one_entry_has_no_pair() -> None:
    assert not compared(judged(lora=0.6)).pairs


def test_a_large_board_shows_its_best() -> None:
    records = [
        record(
            None,
            spec("smora", seed).model_copy(update={"options": {"experts": str(number)}}),
            0.5 + number / 1000 + seed / 1000,
        )
        for number in range(MOST + 5)
        for seed in range(2)
    ]
    (board,) = boards(records)
    found = compared(Judgement(board, unknown))
    assert len(found.entries) == MOST
    assert len(found.pairs) == MOST * (MOST - 1) // 2
    assert found.entries[0].name == f"smora+experts={MOST + 4}"
