"""How far every test item pulls a task's score, read from the outcomes of any family's run.

Nothing here imports torch, so that tables can be made without it.
"""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pandas as pd

from seesaw.tasks.families.dense.metrics import FAMILIES, DenseMetric
from seesaw.tasks.families.language.metrics import METRICS as LANGUAGE
from seesaw.tasks.families.sums import Sums, Vector
from seesaw.tasks.families.text.metrics import summed as text_sums


def influences(outcomes: pd.DataFrame, metric: str) -> Vector | None:
    """See `Sums.influences`; None where a metric is no function of sums over items.

    Args:
        outcomes: of one task on one split; items (n,) come in the order of their rows.
        metric: its id; a share, as stored, not in points.
    """
    found = summed(outcomes.sort_values("row", kind="stable"), metric)
    return None if found is None else found.influences()


def summed(outcomes: pd.DataFrame, metric: str) -> Sums | None:
    """A task's metric as sums over its items, by the columns that its family's outcomes have."""
    if "statistics" in outcomes.columns:
        return _dense(outcomes, metric)
    if "found" in outcomes.columns:
        own = LANGUAGE[metric]
        chosen = outcomes[outcomes["output"] == own.output]
        texts = chosen["wanted"].tolist()
        known = {text: json.loads(text) for text in set(texts)}  # many items want the same
        wanted = [known[text] for text in texts]
        return own.summed and own.summed(chosen["found"].tolist(), wanted)
    prediction, target = (outcomes[name].to_numpy(np.float64) for name in ("prediction", "target"))
    return text_sums(metric, prediction, target)


def _dense(outcomes: pd.DataFrame, metric: str) -> Sums | None:
    for family, own in outcomes.groupby("family", observed=True):
        items = np.stack(own["statistics"].tolist()).astype(np.float64)
        value = partial(_value, FAMILIES[str(family)], metric)
        if value(items.sum(0)) is not None:
            return Sums(items, partial(np.apply_along_axis, value, -1))
    return None


def _value(family: type[DenseMetric], metric: str, total: Vector) -> float | None:
    return family.values(total).get(metric)
