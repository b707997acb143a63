"""Our tasks in lm-eval's terms: documents, descriptions, and how answers are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import datasets

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.families.language.metrics import METRICS
from seesaw.tasks.families.language.track import InstructionTrack
from seesaw.tasks.task import TaskData
from seesaw.tasks.track import kept_tasks


def documents(task: InstructionTask, rows: Sequence[Instruction]) -> datasets.Dataset:
    """Examples with the columns that our descriptions name."""
    return datasets.Dataset.from_list(
        [{**row._asdict(), "gold": _gold(row), "wanted": task.wanted(row)} for row in rows]
    )


def _gold(row: Instruction) -> int:
    return row.choices.index(row.answer) if row.answer in row.choices else 0


def exact_match(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Whether a generated answer is one of those wanted, as lm-eval asks it."""
    return {"exact_match": float(results[0].strip() in doc["wanted"])}


def word_accuracy(doc: Mapping[str, Any], results: Sequence[str]) -> dict[str, float]:
    """Share of the words of a generated answer that are in their place, as lm-eval asks it."""
    share = METRICS["word_accuracy"].compute([results[0].strip()], [doc["wanted"]])
    return {"word_accuracy": share}


def test_split(track: str, name: str, **options: Any) -> dict[str, datasets.Dataset]:
    """The test split of one task of a track; lm-eval hands its own options over.

    Raises:
        DataError: the track has no such task.
    """
    slug, found = _tasks(track)
    (own,) = (found[kept] for kept in kept_tasks(slug, list(found), [name])[1])
    return {"test": documents(own.task, own.test)}


@lru_cache(maxsize=1)
def _tasks(track: str) -> tuple[str, Mapping[str, TaskData[InstructionTask, Instruction]]]:
    """Slug, and data by task; lm-eval asks for one after another, a source makes all at once."""
    slug, data = get_track(track).load_data(None)
    return slug, {own.task.name: own for own in data}


def harness_name(track: InstructionTrack, task: InstructionTask) -> str:
    """What lm-eval calls a task; later versions of a track are known by their number."""
    version = track.version if track.version > 1 else ""
    return f"seesaw_{track.name}{version}_{task.name}"


def harness_tasks(
    track: InstructionTrack, task: InstructionTask, rows: Sequence[Instruction]
) -> dict[str, dict[str, Any]]:
    """lm-eval's description of a task by the name it has there, one per kind of answer."""
    found = {}
    name = harness_name(track, task)
    shared = {
        "custom_dataset": lambda **_: {"test": documents(task, rows)},
        "test_split": "test",
        "doc_to_text": "prompt",
        "target_delimiter": "",
        "metadata": {"version": track.version},
    }
    if task.ranks:
        # a task in both dialects needs two names
        own = f"{name}_choice" if task.generates else name
        found[own] = {
            **shared,
            "task": own,
            "output_type": "multiple_choice",
            "doc_to_choice": "choices",
            "doc_to_target": "gold",
            "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}],
        }
    if task.generates:
        beams = {"num_beams": task.beams} if task.beams > 1 else {}
        found[name] = {
            **shared,
            "task": name,
            "output_type": "generate_until",
            "doc_to_target": "answer",
            **_measured(task),
            "generation_kwargs": {
                "max_gen_toks": task.max_new_tokens,
                "until": [],
                "do_sample": False,
                **beams,
            },
            "filter_list": _filters(task),
        }
    return found


def _measured(task: InstructionTask) -> dict[str, Any]:
    """How lm-eval scores what was generated: word by word if the task is, or else as a whole."""
    if "word_accuracy" not in task.metrics:
        return {"process_results": exact_match, "metric_list": [{"metric": "exact_match"}]}
    metric = {"metric": "word_accuracy", "aggregation": "mean", "higher_is_better": True}
    return {"process_results": word_accuracy, "metric_list": [metric]}


def _filters(task: InstructionTask) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = [{"function": "take_first"}]
    if task.pattern is not None:
        # the whole match: lm-eval takes the first group
        pattern = {"function": "regex", "regex_pattern": f"({task.pattern})", "fallback": ""}
        steps.insert(0, pattern)
    return [{"name": "answer", "filter": steps}]
