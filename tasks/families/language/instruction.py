"""An instruction and its answer, and the task it belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from seesaw.tasks.families.language.metrics import METRICS, Output
from seesaw.tasks.task import SPLITS, DataError, Task, TaskData


class Instruction(NamedTuple):
    """A prompt and how it is to go on.

    `answer` is what is trained on, with whatever stands between it and the prompt; `choices` are
    continuations of the same form, for tasks that are ranked; `references` are further right
    answers.
    """

    prompt: str
    answer: str
    choices: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class InstructionTask(Task):
    """Answered by at most `max_new_tokens` generated tokens, or by ranking its choices.

    With a `pattern` the answer is its first match in what was generated, and nothing if there is
    none.
    """

    metrics: tuple[str, ...] = ("exact_match",)
    max_new_tokens: int = 32
    beams: int = 1
    pattern: str | None = None

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What its metrics are computed from."""
        return tuple(dict.fromkeys(METRICS[name].output for name in self.metrics))

    @property
    def ranks(self) -> bool:
        """Whether its choices are ranked."""
        return bool(set(self.outputs) - {"generate"})

    @property
    def generates(self) -> bool:
        """Whether its answers are generated."""
        return "generate" in self.outputs

    def extract(self, text: str) -> str:
        """The answer in a text: all of it, or the first match; "" if there is none."""
        if self.pattern is None:
            return text.strip()
        match = re.search(self.pattern, text)
        return match.group(0) if match else ""

    def wanted(self, example: Instruction) -> list[str]:
        """All right answers, as they are extracted."""
        return [self.extract(text) for text in (example.answer, *example.references)]


Data = TaskData[InstructionTask, Instruction]


def check_answers(data: Data) -> None:
    """Complain of examples that cannot be answered.

    Raises:
        DataError: an answer is empty, or not among its choices where they are ranked.
    """
    for split in SPLITS:
        for row, example in enumerate(data.split(split)):
            where = f"{data.task.name} {split} row {row}"
            if not example.answer.strip():
                raise DataError(f"{where}: the answer is empty")
            if data.task.ranks and example.answer not in example.choices:
                shown = ", ".join(map(repr, example.choices)) or "none"
                raise DataError(f"{where}: {example.answer!r} is not among its choices: {shown}")
