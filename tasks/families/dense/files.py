"""Reading images and label maps from disk; whatever is wrong with a file is said with its name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from seesaw.tasks.families.dense.sample import Array
from seesaw.tasks.families.dense.transforms import scaled
from seesaw.tasks.task import DataError

MANIFEST = "seesaw-manifest.json"
GREY_MODES = ("1", "L", "P", "I", "I;16", "I;16B")


@contextmanager
def _named(path: Path, kind: str) -> Iterator[None]:
    """Say which file it was, whatever a reader raises inside."""
    try:
        yield
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(f"{path} is missing") from None
    except (OSError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise DataError(f"{path} cannot be read as {kind}: {error}") from None
    except (LookupError, MatReadError, TypeError, NotImplementedError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as {kind}: {error!r}") from None


def read_image(path: Path) -> NDArray[np.uint8]:
    """RGB (H, W, 3); grey and palette images become RGB.

    Raises:
        DataError: missing, damaged or cut off.
    """
    with _named(path, "an image"), Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def read_index(path: Path) -> NDArray[np.uint8]:
    """Indices (H, W) of a single-channel PNG, of a palette image too: never its colours.

    Raises:
        DataError: missing, damaged, in colour, or with values over 255.
    """
    with _named(path, "an index map"), Image.open(path) as image:
        if image.mode not in GREY_MODES:
            raise DataError(f"{path} has mode {image.mode}; labels must have one channel")
        values = np.asarray(image)
    if values.max(initial=0) > 255:
        raise DataError(f"{path} holds {values.max()}; labels go up to 255")
    return values.astype(np.uint8)


def read_share(path: Path) -> NDArray[np.float64]:
    """A grey map (H, W) as shares of white, of 8 or 16 bits.

    Raises:
        DataError: missing, damaged or in colour.
    """
    with _named(path, "a grey map"), Image.open(path) as image:
        if image.mode not in GREY_MODES:
            raise DataError(f"{path} has mode {image.mode}; it must have one channel")
        grey = image.convert("L") if image.mode == "P" else image
        values = np.asarray(grey).astype(np.float64)
        return values / (65535 if image.mode.startswith("I") else 1 if image.mode == "1" else 255)


def read_array(path: Path, ndim: int) -> Array:
    """A NumPy file, what is not finite set to zero: it counts for nothing.

    Raises:
        DataError: missing, damaged or of other dimensions.
    """
    with _named(path, "a NumPy array"):
        values = np.load(path, allow_pickle=False).astype(np.float32)
    if values.ndim != ndim:
        raise DataError(f"{path} has shape {values.shape}; it must have {ndim} dimensions")
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def read_mat(path: Path, variable: str) -> Any:
    """A variable of a MATLAB file of version 5.

    Raises:
        DataError: missing, damaged, or without that variable.
    """
    with _named(path, "a MATLAB file"):
        content = loadmat(path)
        if variable not in content:
            names = ", ".join(name for name in content if not name.startswith("__"))
            raise DataError(f"{path} has no variable {variable!r}; it has: {names or 'none'}")
        return content[variable]


def fitted(label: Array, size: tuple[int, ...], cubic: bool = False) -> Array:
    """A label at the image's size: as it is if it has it, else resized (nearest, or cubic)."""
    wanted = (size[0], size[1])
    return label if label.shape[:2] == wanted else scaled(label, wanted, cubic)


def read_ids(path: Path) -> list[str]:
    """The ids in a split file, one per line.

    Raises:
        DataError: missing, empty, or with an id that stands there twice.
    """
    with _named(path, "a list of ids"):
        ids = path.read_text(encoding="utf-8").split()
    if not ids:
        raise DataError(f"{path} names no image")
    if len(set(ids)) < len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise DataError(f"{path} names {twice} more than once")
    return ids


@dataclass(frozen=True)
class Layout:
    """What an archive must hold: a file per id in every folder (any of several), and id lists."""

    folders: Sequence[tuple[str, ...]]
    """Alternatives of one kind of file as patterns with `{id}`, e.g. `JPEGImages/{id}.jpg`."""
    splits: Mapping[str, str]
    """Files with ids, by split."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Ids that the lists of the distributed archive hold, by split."""
    tables: tuple[str, ...] = ()
    """Other files that say what is in it."""


@dataclass(frozen=True)
class Report:
    """What `check` found: problems, remarks, ids by split, and the manifest of what is there."""

    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    ids: dict[str, list[str]] = field(default_factory=dict)
    manifest: dict[str, Any] = field(default_factory=dict)

    def complete(self) -> Report:
        """The report itself, if nothing is wrong.

        Raises:
            DataError: something is.
        """
        if self.problems:
            raise DataError("; ".join(self.problems))
        return self


def check(folder: Path, layout: Layout) -> Report:
    """Whether every id of every split has all its files; nothing is read but the lists.

    Raises:
        DataError: `folder` does not exist.
    """
    report = Report(manifest=manifest(folder, layout))
    for split, place in layout.splits.items():
        try:
            ids = report.ids[split] = read_ids(folder / place)
        except DataError as error:
            report.problems.append(str(error))
            continue
        if len(ids) != (wanted := layout.sizes.get(split, len(ids))):
            report.remarks.append(
                f"{split} names {len(ids):,} images, the distributed archive's {wanted:,}"
            )
        report.problems.extend(missing(folder, layout, split, ids))
    return report


def missing(folder: Path, layout: Layout, split: str, ids: Sequence[str]) -> Iterator[str]:
    """What is missing of a split, a sentence per kind of file."""
    for kinds in layout.folders:
        lost = [i for i in ids if not any((folder / k.format(id=i)).is_file() for k in kinds)]
        if lost:
            more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            names = ", ".join(kinds[0].format(id=name) for name in lost[:3])
            yield f"{split}: {len(lost)} files missing: {names}{more}"


def manifest(folder: Path, layout: Layout) -> dict[str, Any]:
    """Count and bytes of the files in every folder, SHA-256 of the id lists and tables.

    Raises:
        DataError: `folder` does not exist.
    """
    if not folder.is_dir():
        raise DataError(f"data folder {folder} does not exist")
    places = sorted({pattern.rpartition("/")[0] for kinds in layout.folders for pattern in kinds})
    folders = {}
    for place in places:
        if (folder / place).is_dir():
            sizes = [_bytes(entry) for entry in sorted((folder / place).iterdir())]
            folders[place] = {"files": len(sizes), "bytes": sum(sizes)}
    lists = {
        place: hashlib.sha256((folder / place).read_bytes()).hexdigest()
        for place in sorted((*layout.splits.values(), *layout.tables))
        if (folder / place).is_file()
    }
    return {"folders": folders, "lists": lists}


def _bytes(path: Path) -> int:
    with _named(path, "a file"):
        return path.stat().st_size


def manifest_hash(folder: Path, layout: Layout) -> str:
    """SHA-256 of the manifest, which must be the one `seesaw data check` wrote, if it did.

    Raises:
        DataError: files came, went or changed since.
    """
    found = manifest(folder, layout)
    path = folder / MANIFEST
    with _named(path, "JSON"):
        written = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else found
    if written != found:
        raise DataError(
            f"{folder} is not what {MANIFEST} in it says; check it again: seesaw data check"
        )
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def write_manifest(folder: Path, found: Report) -> Path:
    """Put the manifest into the archive's folder."""
    path = folder / MANIFEST
    path.write_text(json.dumps(found.manifest, indent=1, sort_keys=True) + "\n")
    return path
