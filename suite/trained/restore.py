"""The model a run ended with."""

from __future__ import annotations

from safetensors.torch import load

from seesaw.suite.plan.workload import Workload, stored_config
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.run.model import build
from seesaw.tasks.families.learner import MultiTaskModel


def restored(record: Record, workload: Workload, store: Store) -> MultiTaskModel:
    """The model a run ended with, in evaluation mode.

    Raises:
        StoreError: the store has no weights of this run.
    """
    model = build(workload, stored_config(record, workload.track), record.spec.seed)
    model.load_state_dict(load(store.weights(record)), strict=False)
    return model.eval()
