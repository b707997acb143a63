"""The data of a dense track: tasks, and images with all their labels in three splits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seesaw.tasks.families.dense.files import Layout, manifest_hash
from seesaw.tasks.families.dense.sample import Images
from seesaw.tasks.families.dense.task import DenseTask


@dataclass(frozen=True)
class DenseData:
    """Tuning sees train and dev, reports only test.

    `sha256` is by task, of whatever says which data it is. Samples are read by other processes
    where `on_disk`.
    """

    tasks: tuple[DenseTask, ...]
    splits: Mapping[str, Images]
    sha256: Mapping[str, str] = field(default_factory=dict)
    on_disk: bool = False
    alone: Mapping[str, Callable[[], DenseData]] = field(default_factory=dict)
    """The data of tasks that have other images when they are taken alone."""

    @classmethod
    def archive(
        cls,
        tasks: tuple[DenseTask, ...],
        splits: Mapping[str, Images],
        folder: Path,
        layout: Layout,
    ) -> DenseData:
        """An archive in `folder`, read image by image when asked for.

        Raises:
            DataError: it is not what its manifest says.
        """
        digest = manifest_hash(folder, layout)
        return cls(tasks, splits, {task.name: digest for task in tasks}, on_disk=True)

    def only(self, names: Sequence[str]) -> DenseData:
        """Some of the tasks."""
        if len(names) == 1 and names[0] in self.alone:
            return self.alone[names[0]]().only(names)
        return replace(self, tasks=tuple(task for task in self.tasks if task.name in names))
