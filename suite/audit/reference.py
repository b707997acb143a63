"""What a track says of the records made on it: opened once, whatever their number."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.suite.audit.sources import Sources
from seesaw.suite.costs.parameters import count_trainable
from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.plan.workload import Workload, placement_of, resolved, track_linears
from seesaw.suite.records.record import Record
from seesaw.tasks.backbones.files import sha256
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.families.family import TaskFamily, family_class
from seesaw.tasks.families.scoring import Scores
from seesaw.tasks.task import DataError, WeightsError
from seesaw.tasks.track import Track


@dataclass(frozen=True)
class Counts:
    """What an adapted model comes to; `head` and `passes` are None where the data is not here."""

    claimed: Parameters
    trained: dict[str, int]
    head: int | None
    passes: int | None


class Reference:
    """A track, its weights, and, where it is at hand, its data, for records of some tasks.

    `note` says why there is no data, `slugs` what records of these tasks may call the track.

    Raises:
        WeightsError: the track's weights are not here.
        DataError: data that comes with the suite has no such tasks.
    """

    def __init__(self, track: Track, tasks: tuple[str, ...], sources: Sources) -> None:
        self.track, self.tasks = track, tasks
        self.weights = locate(track.backbone, sources.weights or None)
        self.slugs, self.note = _slugs_without_data(track, tasks), ""
        self.workload = self._open(sources)
        self._configs: dict[str, MethodConfig] = {}
        self._counts: dict[str, Counts] = {}

    def _open(self, sources: Sources) -> Workload | None:
        embedded, slug = self.track.tier == "embedded", self.track.slug
        without = f"{slug}: n, head, passes, baselines, labels, data hashes are not checked"
        if not embedded and not sources.data:
            self.note = f"{without}; name its data with --data"
            return None
        folder, weights = Path(sources.data) if sources.data else None, str(self.weights)
        try:
            whole = Workload(self.track, folder, weights)
            if list(self.tasks) == whole.tasks:
                self.slugs = {whole.slug, f"{whole.slug}-{'+'.join(whole.tasks)}"}
                return whole
            part = Workload(self.track, folder, weights, self.tasks)
        except DataError as error:
            if embedded:
                raise
            self.note = f"{without}: {error}"
            return None
        self.slugs = {part.slug}
        return part

    @property
    def family(self) -> TaskFamily | None:
        """The track with its data."""
        return self.workload.family if self.workload else None

    @cached_property
    def weights_sha256(self) -> str:
        """Of the frozen backbone."""
        return self.track.backbone.sha256 or sha256(self.weights)

    @cached_property
    def linears(self) -> Any:
        """(d_in, d_out) of every linear of the backbone."""
        return track_linears(self.track, self.weights)

    @cached_property
    def trivial(self) -> list[Scores]:
        """Test scores of trivial answers, by their name, of every task."""
        assert self.family is not None
        return [self.family.scoring.trivial(index) for index in range(len(self.family.tasks))]

    def config(self, request: MethodRequest, budget: Budget) -> MethodConfig:
        """What a method gets for a budget, see `resolved`."""
        name = json.dumps([request.label, budget.parameters, budget.kind])
        if name not in self._configs:
            n_tasks = len(self.tasks)
            self._configs[name] = resolved(self.track, self.linears, n_tasks, request, budget)
        return self._configs[name]

    def counts(self, config: MethodConfig) -> Counts:
        """Parameters of a method in closed form and as built, on the meta device."""
        name = json.dumps([config.name, config.describe()], sort_keys=True)
        if name not in self._counts:
            self._counts[name] = self._count(config)
        return self._counts[name]

    def _count(self, config: MethodConfig) -> Counts:
        places = config.places(placement_of(self.track), self.linears)
        claimed = config.parameters(places, len(self.tasks))
        factory = family_class(self.track).model_factory
        backbone = factory.load_backbone(self.track, self.weights, meta=True)
        with torch.device("meta"):
            if self.family is None:
                return Counts(claimed, count_trainable(config.adapt(backbone)), None, None)
            model = self.family.models.model(backbone, config.told_task)
            model.backbone = config.adapt(backbone)
        found = count_trainable(model)
        return Counts(claimed, found, found["head"], model.passes)


class References:
    """The references of a call's records, each opened when it is first asked for."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._opened: dict[tuple[str, tuple[str, ...]], Reference | ValueError] = {}

    def of(self, record: Record) -> Reference:
        """The reference of a record.

        Raises:
            UnknownTrack: nobody knows its track.
            WeightsError: the track's weights are not here.
            DataError: data that comes with the suite has no such tasks.
        """
        track = self.sources.track_of(record)
        name = (track.slug, tuple(record.spec.tasks))
        if name not in self._opened:
            try:
                self._opened[name] = Reference(track, name[1], self.sources)
            except (WeightsError, DataError) as error:  # said of every record, tried once
                self._opened[name] = error
        found = self._opened[name]
        if isinstance(found, ValueError):
            raise found
        return found


def _slugs_without_data(track: Track, tasks: tuple[str, ...]) -> set[str]:
    """What a track's slug may be for records of `tasks`, where the data cannot say."""
    local = {track.slug + f"-local{count}" for count in range(len(tasks), len(track.tasks) + 1)}
    named = {f"{slug}-{'+'.join(tasks)}" for slug in (track.slug, *local)}
    whole = {track.slug} if len(tasks) == len(track.tasks) else set()
    return named | whole | {f"{track.slug}-local{len(tasks)}"}
