"""Check a record against its own evidence: outcomes recomputed, parameters counted again."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import PurePosixPath

import pandas as pd
import torch

from seesaw.methods.registry import UnknownName
from seesaw.suite.costs.parameters import count_trainable
from seesaw.suite.plan.workload import linear_shapes, placement_of, stored_config
from seesaw.suite.records.record import Record, track_of
from seesaw.suite.records.store import Store, StoreError
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.families.learner import learner_class
from seesaw.tasks.task import WeightsError
from seesaw.tasks.track import Track, UnknownTrack, get_track


def verify_all(
    store: Store, wanted: Collection[str], track: Track | None = None, weights: str | None = None
) -> dict[str, list[str]]:
    """`verify` for every record of a store, or for those of `wanted` names; by path.

    Damaged files have their reason, and names that are not there say so.
    """
    checked: dict[str, list[str]] = {}
    scan = store.scan()
    for record in scan.records:
        if not wanted or record.path.rpartition("/")[2] in wanted:
            checked[record.path] = verify(record, store, track, weights)
    for path, reason in scan.damaged.items():
        if not wanted or PurePosixPath(path).stem in wanted:
            checked[path] = [reason]
    known = {path.rpartition("/")[2].removesuffix(".json") for path in checked}
    for name in set(wanted) - known:
        checked[name] = [f"no such record in {store.address}"]
    return checked


def verify(
    record: Record, store: Store, track: Track | None = None, weights: str | None = None
) -> list[str]:
    """What is wrong with an `ok` record; an empty list if nothing is.

    Recomputes every score from the Parquet file, and counts the parameters of the method built
    anew from the stored config on the meta device.

    Args:
        record: as read from `store`.
        store: where the outcomes are.
        track: the record's track, if it is not one of ours.
        weights: a folder or hub id of the backbone, where the package does not carry it.
    """
    if record.status != "ok" or record.parameters is None:
        return [f"status is {record.status}, not ok"]
    try:
        track = track or get_track(track_of(record.spec.track))
        return _check_scores(record, store, track) + _check_parameters(record, track, weights)
    except (UnknownTrack, UnknownName, WeightsError, StoreError) as error:
        return [str(error)]


def _check_scores(record: Record, store: Store, track: Track) -> list[str]:
    outcomes = pd.read_parquet(io.BytesIO(store.outcomes(record)))
    problems = []
    for name, result in record.tasks.items():
        scores = learner_class(track).scores(outcomes, name, list(result.test))
        for split in ("dev", "test"):
            for metric, stored in getattr(result, split).items():
                found = scores[split][metric]
                if abs(found - stored) > 1e-9:
                    problems.append(f"{name} {split} {metric}: stored {stored}, recomputed {found}")
    return problems


def _check_parameters(record: Record, track: Track, weights: str | None) -> list[str]:
    assert record.parameters is not None
    path = locate(track.backbone, weights)
    model = learner_class(track).load_backbone(track, path, meta=True)
    config = stored_config(record, track)
    shapes = config.places(placement_of(track), linear_shapes(model))
    with torch.device("meta"):
        counts = count_trainable(config.adapt(model))
    claimed = config.parameters(shapes, len(record.spec.tasks))
    problems = []
    for kind in ("experts", "router", "task_embedding"):
        stored = getattr(record.parameters, kind)
        if not stored == counts[kind] == getattr(claimed, kind):
            problems.append(
                f"{kind} parameters: stored {stored:,}, built {counts[kind]:,}, "
                f"closed form {getattr(claimed, kind):,}"
            )
    return problems
