"""The model a run ended with."""

from __future__ import annotations

from safetensors import SafetensorError
from safetensors.torch import load

from seesaw.suite.plan.workload import Workload, stored_config
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store, StoreError
from seesaw.suite.run.model import build, load_trained
from seesaw.tasks.families.family import MultiTaskModel


def restored(record: Record, workload: Workload, store: Store) -> MultiTaskModel:
    """The model a run ended with, in evaluation mode.

    Raises:
        StoreError: the store has no weights of this run, or other ones than it left.
    """
    model = build(workload, stored_config(record.spec, workload.track), record.spec.seed)
    try:
        load_trained(model, load(store.weights(record)))
    except (KeyError, RuntimeError, SafetensorError) as error:
        reason = error.args[0] if error.args else error
        raise StoreError(f"{record.path}.safetensors is not what the run left: {reason}") from None
    return model.eval()
