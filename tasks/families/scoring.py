"""What is asked of a family's scores, and whether outcomes can be those of a track's data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd
from torch import Tensor

from seesaw.tasks.families.batches import Batches
from seesaw.tasks.task import SCORED

EVAL_BATCH = 64
Scores = dict[str, dict[str, float]]
"""Values by metric id, by split (or by what they are the scores of)."""
Answers = Iterator[tuple[Any, Any, Sequence[Any]]]
"""Outputs, their batch, and for each of its examples the row in the split and whatever else tells
it from the others."""


class Scoring(ABC):
    """Turns a model's outputs into a loss, into outcomes and into scores.

    `key` are the columns that tell a row of outcomes from the others, `columns` all of them.
    """

    key: ClassVar[tuple[str, ...]] = ("split", "task", "row")
    columns: ClassVar[tuple[str, ...]]
    batches: Batches

    @abstractmethod
    def loss(self, outputs: Any, batch: Any, size: int) -> Tensor:
        """What a micro-batch adds to the mean loss of a batch of `size` examples, a scalar."""

    @abstractmethod
    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        """What every example of a split comes to: all that scores are computed from."""

    @staticmethod
    @abstractmethod
    def values(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
        """Every metric of one task on one split, from its outcomes, whose order says nothing."""

    @classmethod
    def scores(
        cls,
        outcomes: pd.DataFrame,
        task: str,
        metrics: Sequence[str],
        splits: Sequence[str] = SCORED,
    ) -> Scores:
        """Every metric of one task on some splits, from outcomes alone."""
        own = outcomes[outcomes["task"] == task]
        return {split: cls.values(own[own["split"] == split], metrics) for split in splits}

    @abstractmethod
    def trivial(self, task: int) -> Scores:
        """Test scores of answers that need no model, by their name: `constant` is one of them."""

    @abstractmethod
    def expected(self) -> pd.DataFrame:
        """The rows that outcomes of the data have on dev and test, by `key`, and their labels."""

    @abstractmethod
    def contradictions(self, expected: pd.DataFrame, found: pd.DataFrame) -> Iterator[str]:
        """What of the outcomes cannot be: labels that are not the data's, impossible predictions.

        Args:
            expected: as from `expected`.
            found: outcomes, row by row those of `expected`.
        """

    def evaluate(
        self,
        split: str,
        model: Any,
        answer: Callable[[Any], Any],
        scored: Callable[[int], None],
    ) -> pd.DataFrame:
        """Ask a model all of a split.

        Args:
            split: dev or test.
            model: what is evaluated.
            answer: gives its outputs for a batch.
            scored: told the number of examples as they are done.

        Returns:
            Its outcomes.
        """

        def answers() -> Answers:
            for batch, rows in self.batches.eval(split, EVAL_BATCH):
                yield answer(batch), batch, rows
                scored(len(rows))

        return self.outcomes(split, answers())

    @cached_property
    def _expected(self) -> tuple[pd.DataFrame, pd.MultiIndex]:
        """What is expected, made once for all outcomes that are checked."""
        expected = self.expected()
        return expected, _index(expected, self.key)

    def problems(self, outcomes: pd.DataFrame, splits: Sequence[str] = SCORED) -> list[str]:
        """Why outcomes cannot be a model's on this data; an empty list if they can.

        Every row of the splits must be there once and none besides, with the label that the data
        has, and with a prediction that can have been made.
        """
        if lost := [name for name in self.columns if name not in outcomes.columns]:
            return [f"outcomes have no column {', '.join(lost)}"]
        expected, wanted = self._expected
        asked = expected["split"].isin(splits).to_numpy()
        expected, wanted = expected[asked], wanted[asked]
        found = _index(outcomes, self.key)
        kinds = {
            "missing": wanted.difference(found, sort=False),
            "not the data's": found.difference(wanted, sort=False),
            "doubled": found[found.duplicated()],
        }
        wrong = [
            f"{len(rows)} rows of outcomes are {kind}, the first is {' '.join(map(str, rows[0]))}"
            for kind, rows in kinds.items()
            if len(rows)
        ]
        if wrong:
            return wrong
        return list(self.contradictions(expected, outcomes.iloc[found.get_indexer(wanted)]))


def _index(frame: pd.DataFrame, key: Sequence[str]) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[list(key)].astype(str))


def named(rows: pd.DataFrame, key: Sequence[str], what: str) -> str:
    """A problem of some rows, at least one, in words."""
    first = " ".join(str(rows[name].iloc[0]) for name in key)
    return f"{len(rows)} rows of outcomes {what}, the first is {first}"
