"""A run as data: what it is, and all that a fresh process needs to do it."""

from __future__ import annotations

from typing import Any, Self

from seesaw.methods import get_method
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.suite.plan.workload import Workload, open_workload, stored_config
from seesaw.suite.records.spec import Spec
from seesaw.tasks.strict import StrictModel


class Job(StrictModel):
    """One run that is to be done.

    `track` is a snapshot of the whole track, so that a job means the same wherever it is opened;
    `data` and `weights` are addresses, None for what the track brings itself.
    """

    spec: Spec
    track: dict[str, Any]
    data: str | None = None
    weights: str | None = None

    @classmethod
    def of(cls, workload: Workload, spec: Spec) -> Self:
        """The job that does `spec` on an open workload."""
        track = workload.track.model_dump(mode="json")
        return cls(spec=spec, track=track, data=workload.data, weights=workload.served)

    def to_dict(self) -> dict[str, Any]:
        """The job, ready for JSON."""
        return self.model_dump(mode="json")

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Self:
        """The job that `to_dict` gave.

        Raises:
            ValidationError: it is none.
        """
        return cls.model_validate(raw)

    @property
    def method(self) -> type[MethodConfig]:
        """The method's config class."""
        return get_method(self.spec.method)

    @property
    def workload(self) -> Workload:
        """The track with its data and weights; opened once in a process.

        Raises:
            DataError: the data is not there, or another one.
            WeightsError: so are the weights.
        """
        return open_workload(self.track, self.data, self.weights, self.spec.tasks)

    @property
    def config(self) -> MethodConfig:
        """The method, sized and placed."""
        return stored_config(self.spec, self.workload.track)

    @property
    def parameters(self) -> Parameters:
        """Closed-form parameter counts."""
        config = self.config
        return config.parameters(self.workload.places(config), len(self.spec.tasks))
