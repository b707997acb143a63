"""Check a record against its own evidence: outcomes recomputed, parameters counted again."""

from __future__ import annotations

import io

import pandas as pd
import torch

from methods import get_method
from methods.registry import UnknownName
from suite.measure import count_trainable
from suite.plan import adapted_shapes, placement_of
from suite.record import Record, track_of
from suite.run import scores_of
from suite.store import Store, StoreError
from tasks import backbones
from tasks.backbones import WeightsError
from tasks.track import Track, UnknownTrack, get_track


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
        return _check_scores(record, store) + _check_parameters(record, track, weights)
    except (UnknownTrack, UnknownName, WeightsError, StoreError) as error:
        return [str(error)]


def _check_scores(record: Record, store: Store) -> list[str]:
    outcomes = pd.read_parquet(io.BytesIO(store.outcomes(record)))
    problems = []
    for name, result in record.tasks.items():
        scores = scores_of(outcomes, name, tuple(result.test))
        for split in ("dev", "test"):
            for metric, stored in getattr(result, split).items():
                found = scores[split][metric]
                if abs(found - stored) > 1e-9:
                    problems.append(f"{name} {split} {metric}: stored {stored}, recomputed {found}")
    return problems


def _check_parameters(record: Record, track: Track, weights: str | None) -> list[str]:
    assert record.parameters is not None
    model = backbones.load_model(backbones.locate(track.backbone, weights), meta=True)
    shapes = adapted_shapes(model, placement_of(track))
    config = get_method(record.spec.method)(**record.spec.config)
    config = config.placed(placement_of(track), track.recipe.dropout, len(record.spec.tasks))
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
