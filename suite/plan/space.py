"""The search space of a track: the same points for every entry, drawn before anything is run."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import numpy as np
from scipy.stats.qmc import Sobol

from seesaw.suite.plan.request import MethodRequest, RequestError
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.spec import CANONICAL, Tuned
from seesaw.suite.records.tuning import LEARNING_RATE
from seesaw.tasks.track import Track, Tuning

DIMENSIONS = 3
"""The learning rate, and at most two more that a method declares."""
DIGITS = 4
"""That a value is tried with."""


class Space:
    """Of one track, whatever the method.

    Raises:
        RequestError: the track does not say how it is tuned.
    """

    def __init__(self, track: Track) -> None:
        if track.tuning is None:
            raise RequestError(
                f"{track.slug} has no [tuning]: its file must say trials, the range of "
                "learning_rate and the share of the steps"
            )
        self.track, self.tuning = track, track.tuning

    @property
    def id(self) -> str:
        """Hash of what is tried and how, 12 hex digits."""
        text = CANONICAL.encode(self.tuning.model_dump(mode="json"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def steps(self) -> int:
        """Of a trial."""
        return max(1, round(self.tuning.share * self.track.recipe.steps))

    def points(self, request: MethodRequest) -> Iterator[Tuned]:
        """The trials of an entry, by their numbers from 1 on; what the user set is not searched.

        Raises:
            RequestError: the method declares more settings than there are dimensions.
        """
        declared = request.config_class.tuned_settings()
        ranges = {LEARNING_RATE: self.tuning.learning_rate, **declared}
        if len(ranges) > DIMENSIONS:
            raise RequestError(
                f"{request.name} declares {len(declared)} settings to tune beside the learning "
                f"rate; it may declare {DIMENSIONS - 1}"
            )
        for number, point in enumerate(drawn(self.tuning), start=1):
            values = {
                name: _between(*limits, share)
                for (name, limits), share in zip(ranges.items(), point, strict=False)
                if name not in request.options
            }
            yield self._tuned(number, values)

    def default(self) -> Tuned:
        """The trial with the track's own settings, number 0."""
        return self._tuned(0, {LEARNING_RATE: self.track.recipe.learning_rate})

    def _tuned(self, number: int, values: dict[str, float]) -> Tuned:
        return Tuned(
            space=self.id, trials=self.tuning.trials, number=number, values=values, trial=True
        )

    def at(self, workload: Workload, tuned: Tuned) -> Workload:
        """The track as a trial, or a tuned run, has it."""
        steps = {"steps": self.steps} if tuned.trial else {}
        return workload.with_recipe(learning_rate=tuned.values[LEARNING_RATE], **steps)


def drawn(tuning: Tuning) -> np.ndarray:
    """Points (trials, dimensions) in the unit cube: a scrambled Sobol sequence (Owen 1998)."""
    rng = np.random.default_rng(tuning.draw)
    exponent = math.ceil(math.log2(tuning.trials))
    sequence = Sobol(DIMENSIONS, scramble=True, rng=rng)
    return np.asarray(sequence.random_base2(exponent)[: tuning.trials])


def _between(low: float, high: float, share: float) -> float:
    """A value at a share of the way, evenly in the logarithm."""
    return float(f"{low * (high / low) ** share:.{DIGITS}g}")
