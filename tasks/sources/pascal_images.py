"""The images of PASCAL-Context and their five labels, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from seesaw.tasks.families.dense.boundaries import laplacian, outlines
from seesaw.tasks.families.dense.files import (
    fitted,
    read_image,
    read_index,
    read_mat,
    read_share,
)
from seesaw.tasks.families.dense.opencv import resize
from seesaw.tasks.families.dense.sample import IGNORE, Array, Sample
from seesaw.tasks.families.dense.transforms import PARTS as HUMAN_PARTS
from seesaw.tasks.families.dense.transforms import interpolated, unit
from seesaw.tasks.sources.pascal_parts import annotation_of, painted_parts, people, with_people
from seesaw.tasks.task import DataError

CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair",
    "cow", "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa",
    "train", "tvmonitor",
)  # fmt: skip
WITH_NORMALS = np.zeros(65536, bool)
"""Whether a full-scene label's name is known to NYU too, so that its normals count."""
WITH_NORMALS[
    [
        3, 4, 6, 9, 10, 11, 13, 15, 17, 18, 22, 23, 29, 30, 33, 34, 36, 37, 38, 39, 41, 43, 46, 49,
        50, 51, 53, 55, 56, 59, 61, 62, 65, 66, 68, 69, 72, 73, 78, 83, 84, 85, 87, 88, 95, 96, 101,
        104, 105, 107, 111, 113, 115, 122, 124, 135, 141, 142, 143, 146, 150, 154, 157, 158, 159,
        165, 172, 174, 181, 183, 184, 191, 193, 195, 197, 199, 202, 213, 215, 216, 219, 220, 223,
        225, 228, 230, 232, 233, 238, 239, 242, 243, 246, 250, 251, 252, 255, 260, 261, 263, 269,
        272, 273, 275, 281, 283, 284, 285, 286, 287, 288, 290, 291, 292, 293, 295, 304, 307, 309,
        310, 314, 315, 319, 323, 329, 330, 331, 336, 342, 345, 349, 350, 351, 352, 355, 357, 368,
        370, 371, 374, 379, 380, 383, 384, 397, 401, 403, 405, 407, 408, 411, 412, 413, 414, 417,
        419, 421, 423, 427, 429, 430, 432, 440, 441, 442, 443, 444, 446, 454, 457,
    ]
] = True  # fmt: skip
NOBODY = np.full((1, 1), IGNORE, np.uint8)
"""Parts of an image without people: no pixel counts."""


@dataclass(frozen=True)
class PascalContext:
    """Images of one split.

    Label files of another size than their image are resized last: normals by cubic interpolation,
    the others to the nearest pixel.
    """

    folder: Path
    ids: Sequence[str]
    area: int = 0
    """Of how many pixels people must be more to count."""
    masked: bool = True
    """See `interpolated`."""

    def __len__(self) -> int:
        return len(self.ids)

    def with_people(self, split: str) -> Self:
        """Those that somebody is in; `split` is the name of the list."""
        return replace(self, ids=with_people(self.folder, split, self.ids, self.area))

    def __getitem__(self, index: int) -> Sample:
        """Read one image and all its labels.

        Raises:
            DataError: a file is missing, damaged, or holds what no label can be.
        """
        name = self.ids[index]
        path = self.folder / f"JPEGImages/{name}.jpg"
        image = read_image(path)
        scene = self._scene(name)
        labels, outlined = self._labels(name, scene, image.shape[:2])
        return Sample(str(path), image, labels, {"edges": outlines(outlined).astype(np.uint8)})

    def _labels(
        self, name: str, scene: Array, size: tuple[int, ...]
    ) -> tuple[dict[str, Array], Array]:
        """What is trained on, and the full-scene label at the image's `size`."""
        nearest = partial(resize, how="nearest", size=size)
        labels = {
            "semseg": nearest(self._semseg(name)),
            HUMAN_PARTS: nearest(self._parts(name)),
            "saliency": nearest(self._saliency(name)),
            "normals": self._normals(name, scene, size),
            "edges": nearest(laplacian(scene).astype(np.uint8)),
        }
        return labels, nearest(scene)

    def _scene(self, name: str) -> NDArray[np.uint16]:
        path = self.folder / f"pascal-context/trainval/{name}.mat"
        labels = np.asarray(read_mat(path, "LabelMap"))
        # some files hold class ids as floats
        if labels.ndim != 2 or labels.min() < 0 or labels.max() > 459 or (labels % 1).any():
            raise DataError(f"{path}: LabelMap must hold whole numbers 0 ... 459, (H, W)")
        return labels.astype(np.uint16)

    def _semseg(self, name: str) -> NDArray[np.uint8]:
        path = self.folder / f"semseg/VOC12/{name}.png"
        if not path.is_file():
            path = self.folder / f"semseg/pascal-context/{name}.png"
        labels = read_index(path)
        if ((labels >= len(CLASSES)) & (labels != IGNORE)).any():
            raise DataError(f"{path} holds class {labels[labels != IGNORE].max()}, over 20")
        return labels

    def _parts(self, name: str) -> NDArray[np.uint8]:
        with annotation_of(self.folder, name) as annotation:
            painted = painted_parts(annotation, self.area)
        return NOBODY if painted is None else painted

    def _saliency(self, name: str) -> NDArray[np.uint8]:
        return (read_share(self.folder / f"sal_distill/{name}.png") > 0.5).astype(np.uint8)

    def _normals(self, name: str, scene: Array, size: tuple[int, ...]) -> Array:
        normals = self._directions(name)
        known = WITH_NORMALS[resize(scene, "nearest", normals.shape)]
        normals = np.where(known[..., None], normals, np.float32(0))
        return interpolated(normals, partial(resize, size=size), self.masked)

    def _directions(self, name: str) -> NDArray[np.float32]:
        coded = read_image(self.folder / f"normals_distill/{name}.png")
        return np.asarray(2 * coded.astype(np.float32) / 255 - 1, np.float32)


class FirstPascalContext(PascalContext):
    """The images as the first versions of tracks have them.

    Label files are resized first, by Pillow, and normals made unit vectors; somebody counts only
    who has parts.
    """

    @override
    def _labels(
        self, name: str, scene: Array, size: tuple[int, ...]
    ) -> tuple[dict[str, Array], Array]:
        scene = fitted(scene, size)
        coded = fitted(read_image(self.folder / f"normals_distill/{name}.png"), size, cubic=True)
        normals = unit(2.0 * coded.astype(np.float32) / 255 - 1)
        labels: dict[str, Array] = {
            "semseg": fitted(self._semseg(name), size),
            HUMAN_PARTS: fitted(self._parts(name), size),
            "saliency": fitted(self._saliency(name), size),
            "normals": np.where(WITH_NORMALS[scene][..., None], normals, 0).astype(np.float32),
            "edges": laplacian(scene).astype(np.uint8),
        }
        return labels, scene

    @override
    def _parts(self, name: str) -> NDArray[np.uint8]:
        with annotation_of(self.folder, name) as annotation:
            seen = any(np.size(o[3]) and np.any(o[2]) for o in people(annotation))
        return super()._parts(name) if seen else NOBODY
