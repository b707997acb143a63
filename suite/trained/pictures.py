"""A contact sheet of a track, and of what a run predicts on it."""

from __future__ import annotations

from functools import partial

from accelerate import Accelerator

from seesaw.suite.plan.request import RequestError
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.run.evaluate import answer
from seesaw.suite.trained.restore import restored


def contact_sheet(workload: Workload, store: Store, record: Record | None) -> bytes:
    """Test images with labels (WebP), and with predictions if there is a record.

    Args:
        workload: the track.
        store: where the record's weights are.
        record: a run that ended `ok`.

    Raises:
        RequestError: the track has no images.
        StoreError: the store has no weights of this run.
    """
    pictures = workload.family.pictures
    if pictures is None:
        raise RequestError(f"{workload.slug} has no images to show")
    predict = None
    if record is not None:
        model = restored(record, workload, store)
        predict = partial(answer, model, Accelerator(cpu=True))
    return pictures.sheet(predict)
