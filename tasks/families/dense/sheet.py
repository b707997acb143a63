"""Contact sheets: images with all their labels and predictions, and what each is worth."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.dense.batches import Batch, DenseBatches
from seesaw.tasks.families.dense.sample import Array, Sample
from seesaw.tasks.families.dense.scoring import DenseScoring
from seesaw.tasks.families.dense.task import DenseTask
from seesaw.tasks.families.family import Pictures

SHOWN = 3
"""Images of a sheet."""
SIDE = 144
"""Length of a tile's longer side, in pixels."""
GAP, LINE = 4, 14
QUALITY = 80


class ContactSheet(Pictures):
    """The first test images of a track."""

    def __init__(self, batches: DenseBatches, scoring: DenseScoring) -> None:
        self.batches, self.scoring = batches, scoring

    @override
    def sheet(self, predict: Callable[[Batch], Mapping[str, Tensor]] | None = None) -> bytes:
        batch, rows = next(self.batches.eval("test", SHOWN))
        found = []
        if predict is not None:
            outputs = predict(batch)
            found = [self.scoring.predicted(outputs, batch, row) for row in rows]
        return sheet(self.scoring.tasks, list(batch.samples), found)


def sheet(
    tasks: Sequence[DenseTask],
    samples: Sequence[Sample],
    predictions: Sequence[Mapping[str, Array]],
) -> bytes:
    """Two rows per sample, labels over predictions, with each prediction's score below it.

    Args:
        tasks: a column each, after that of the image.
        samples: with labels.
        predictions: by task for every sample, as the tasks' metrics take them; none at all to show
            labels alone.

    Returns:
        A WebP file.
    """
    rows: list[list[tuple[Array, str]]] = []
    for index, sample in enumerate(samples):
        labels = [(task.draw(sample.labels[task.name]), task.name) for task in tasks]
        rows.append([(sample.image, sample.name), *labels])
        if predictions:
            own = predictions[index]
            found = [(task.draw(own[task.name]), _score(task, sample, own)) for task in tasks]
            rows.append([(np.full_like(sample.image, 255), ""), *found])
    return _pasted(rows)


def _score(task: DenseTask, sample: Sample, predictions: Mapping[str, Array]) -> str:
    """The reported metric on this image alone."""
    family = next(iter(task.measures().values()))
    statistics = family.statistics(predictions[task.name], sample.truth(task.name))
    value = family.values(statistics).get(task.metrics[0])
    if value is None:
        return "nothing labelled"
    points = 100 if task.unit == "points" else 1
    return f"{task.metrics[0]} {points * value:.1f}"


def _pasted(rows: Sequence[Sequence[tuple[Array, str]]]) -> bytes:
    columns = max(map(len, rows))
    step_x, step_y = SIDE + GAP, SIDE + GAP + LINE
    page = Image.new("RGB", (columns * step_x, len(rows) * step_y), "white")
    draw = ImageDraw.Draw(page)
    for y, row in enumerate(rows):
        for x, (picture, caption) in enumerate(row):
            tile = Image.fromarray(np.ascontiguousarray(picture))
            ratio = SIDE / max(tile.size)
            size = (round(tile.width * ratio), round(tile.height * ratio))
            page.paste(tile.resize(size, Image.Resampling.NEAREST), (x * step_x, y * step_y))
            draw.text((x * step_x, y * step_y + SIDE), caption, fill="black")
    file = io.BytesIO()
    page.save(file, "WEBP", quality=QUALITY)
    return file.getvalue()
