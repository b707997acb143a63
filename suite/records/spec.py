"""What a run is: its spec, the hash that names it, and what its slugs and names say."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt

from seesaw.suite.records.names import (
    MethodName,
    OptionName,
    OptionValue,
    Sha256,
    TaskName,
    TrackSlug,
)
from seesaw.tasks.strict import StrictModel
from seesaw.tasks.task import SCORED
from seesaw.tasks.track import CONFLICT

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""One text for one value: what hashes are taken of."""


def variant(method: str, options: dict[str, Any]) -> str:
    """A method with the options set by the user, safe as a folder name: `smora+active=4`."""
    return "+".join([method, *(f"{name}={value}" for name, value in sorted(options.items()))])


def track_of(slug: str) -> str:
    """`name@version` out of a slug that may also say what part of the track was used."""
    name, _, rest = slug.partition("@")
    return f"{name}@{rest.partition('-')[0]}"


BudgetKind = Literal["total", "active"]
"""What a budget counts: all trained adapter parameters, or those that one token uses."""


def dial_of(slug: str) -> float | None:
    """What a track's dial of conflict was turned to, by its slug; None if it was not."""
    turned = re.match(rf"-{CONFLICT}([0-9]*[.]?[0-9]+)(-|$)", slug.removeprefix(track_of(slug)))
    return float(turned[1]) if turned else None


def played_on(slug: str) -> str:
    """The track's name with its version, and with its dial where that was turned, of a slug."""
    dial = dial_of(slug)
    return track_of(slug) + ("" if dial is None else f"-{CONFLICT}{dial:g}")


class Tuned(StrictModel):
    """At which point of a track's search space a run is made, and whether it is a trial of it.

    A trial is shorter than a run and scored on dev alone; it decides which point runs are made at.
    """

    space: Annotated[str, Field(pattern="^[0-9a-f]{12}$")] = Field(description="its hash")
    trials: PositiveInt = Field(description="that every entry gets")
    number: NonNegativeInt = Field(description="of the point; 0 are the track's own settings")
    values: dict[OptionName, PositiveFloat] = Field(description="learning_rate, and options")
    trial: bool
    edge: bool = Field(False, description="no other trial had a lower, or a higher, learning rate")


class Spec(StrictModel):
    """Exactly what a run is; its hash is the run's identity. Hardware is no part of it."""

    track: TrackSlug = Field(description="slug, e.g. glue@1-local6")
    tasks: list[TaskName] = Field(min_length=1)
    data_sha256: dict[TaskName, Sha256] = Field(description="by task")
    weights_sha256: Sha256
    method: MethodName
    options: dict[OptionName, OptionValue] = Field({}, description="set by the user")
    config: dict[str, Any] = Field(description="resolved method config")
    budget: PositiveInt = Field(description="trainable adapter parameters asked for")
    budget_kind: BudgetKind = Field("total", description="which of them that counts")
    recipe: dict[str, Any]
    precision: str
    seed: NonNegativeInt
    placement: dict[str, Any] | None = Field(
        None,
        description="where updates stand and what the backbone is built with, if that is not what "
        "the track of this slug says as it comes with the suite",
    )
    tuned: Tuned | None = Field(None, description="None where the track's own settings are used")

    @property
    def id(self) -> str:
        """Hash of the spec, 12 hex digits.

        What later schemas can say besides is no part of it where it is as it always was: updates
        stand where the track has them, nothing was tuned, the budget counts everything.
        """
        text = CANONICAL.encode(self.model_dump(mode="json", exclude=self.usual))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def usual(self) -> set[str]:
        """The fields that are as they were before a schema could say them."""
        later = {"placement": None, "tuned": None, "budget_kind": "total"}
        return {name for name, usual in later.items() if getattr(self, name) == usual}

    @property
    def variant(self) -> str:
        """The method with the options set by the user, as a folder name."""
        return variant(self.method, self.options)

    @property
    def is_trial(self) -> bool:
        """Whether it only helps to choose the settings of runs."""
        return self.tuned is not None and self.tuned.trial

    @property
    def splits(self) -> tuple[str, ...]:
        """What its model is asked about: a trial dev alone, so that no test answer is ever seen."""
        return tuple(split for split in SCORED if split != "test" or not self.is_trial)

    @property
    def called(self) -> str:
        """The variant, and which trial of it this is, if it is one."""
        number = f" trial {self.tuned.number}" if self.tuned and self.tuned.trial else ""
        return self.variant + number

    @property
    def folder(self) -> str:
        """Where its records live in a store: `track/budget/variant`."""
        kind = "" if self.budget_kind == "total" else f"-{self.budget_kind}"
        return f"{self.track}/{self.budget}{kind}/{self.variant}"

    @property
    def prefix(self) -> str:
        """File name of its records without the attempt."""
        return f"{self.seed}-{self.id}"
