"""Losses, answers and scores of instruction tasks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from torch import Tensor
from typing_extensions import override

from seesaw.tasks.families.language.batches import Batch, InstructionBatches
from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.families.language.lm_eval import evaluate
from seesaw.tasks.families.language.metrics import METRICS, Output, score
from seesaw.tasks.families.language.models import LanguageModel
from seesaw.tasks.families.language.tokens import IGNORED
from seesaw.tasks.families.language.track import InstructionTrack
from seesaw.tasks.families.scoring import Answers, Scores, Scoring, named
from seesaw.tasks.task import SCORED


class InstructionScoring(Scoring):
    """Dev is scored here, test by lm-eval; both give the same answers."""

    key = ("split", "task", "output", "row")
    columns = (*key, "found", "wanted")

    def __init__(self, track: InstructionTrack, batches: InstructionBatches) -> None:
        self.track, self.data = track, batches.data
        self.batches: InstructionBatches = batches

    @override
    def loss(self, outputs: Tensor, batch: Batch, size: int) -> Tensor:
        # an example's loss is the mean over its answer's tokens
        assert batch.labels is not None
        learnt = (batch.labels != IGNORED).sum(1)
        return -(outputs / learnt).sum() / size

    @override
    def outcomes(self, split: str, answers: Answers) -> pd.DataFrame:
        found: dict[tuple[int, int], dict[int, float]] = {}
        texts: dict[tuple[int, int], str] = {}
        for outputs, batch, lines in answers:
            task = int(batch.task_ids[0])
            if batch.labels is None:
                decode = self.batches.encoder.tokenizer.batch_decode
                written = decode(outputs, skip_special_tokens=True)
                texts |= {(task, row): text for (row, _), text in zip(lines, written, strict=True)}
            else:
                values = outputs.float().cpu().tolist()
                for (row, choice), value in zip(lines, values, strict=True):
                    found.setdefault((task, row), {})[choice] = value
        ranked = {key: [own[k] for k in sorted(own)] for key, own in found.items()}
        return self.table(split, ranked, texts)

    def table(
        self,
        split: str,
        ranked: Mapping[tuple[int, int], Sequence[float]],
        texts: Mapping[tuple[int, int], str],
    ) -> pd.DataFrame:
        """Outcomes from log-likelihoods of choices and generated texts by (task, row)."""
        rows = []
        for index, data in enumerate(self.data):
            for row, example in enumerate(data.split(split)):
                own, wanted = (index, row), _wanted(data.task, example)
                for output in data.task.outputs:
                    if output == "generate":
                        text = texts[own]
                    else:
                        text = chosen(example.choices, ranked[own], output)
                    rows.append(
                        (split, data.task.name, output, row, data.task.extract(text), wanted)
                    )
        return pd.DataFrame(rows, columns=list(self.columns))

    @override
    def evaluate(
        self,
        split: str,
        model: LanguageModel,
        answer: Callable[[Batch], Tensor],
        scored: Callable[[int], None],
    ) -> pd.DataFrame:
        if split != "test":
            return super().evaluate(split, model, answer, scored)
        ranked: dict[tuple[int, int], Sequence[float]] = {}
        texts: dict[tuple[int, int], str] = {}
        for task, own in enumerate(evaluate(model, self.batches.encoder, self.data, self.track)):
            ranked |= {(task, row): values for row, values in own.ranked.items()}
            texts |= {(task, row): text for row, text in own.texts.items()}
            scored(self.batches.lines(task, split))
        return self.table(split, ranked, texts)

    @override
    @staticmethod
    def values(outcomes: pd.DataFrame, metrics: Sequence[str]) -> dict[str, float]:
        answers = {
            str(output): (own["found"].tolist(), own["wanted"].tolist())
            for output, own in outcomes.groupby("output", observed=True)
        }
        return score(metrics, answers)

    @override
    def trivial(self, task: int) -> Scores:
        # the most frequent answer of training, to everything
        data = self.data[task]
        answer = Counter(data.task.extract(e.answer) for e in data.train).most_common(1)[0][0]
        wanted = [json.dumps(data.task.wanted(e)) for e in data.test]
        same = ([answer] * len(wanted), wanted)
        outputs = {METRICS[name].output: same for name in data.task.metrics}
        return {"constant": score(data.task.metrics, outputs)}

    @override
    def expected(self) -> pd.DataFrame:
        rows = [
            (split, data.task.name, output, row, index, _wanted(data.task, example))
            for split in SCORED
            for index, data in enumerate(self.data)
            for row, example in enumerate(data.split(split))
            for output in data.task.outputs
        ]
        return pd.DataFrame(rows, columns=[*self.key, "index", "label"])

    @override
    def contradictions(self, expected: pd.DataFrame, found: pd.DataFrame) -> Iterator[str]:
        other = found["wanted"].astype(str).to_numpy() != expected["label"].to_numpy()
        if other.any():
            yield named(found[other], self.key, "want another answer than the data")
        possible = [
            self._possible(*row)
            for row in zip(
                expected["index"], expected["split"], expected["row"], expected["output"],
                found["found"], strict=True,
            )
        ]  # fmt: skip
        if not all(possible):
            impossible = found[~np.array(possible)]
            yield named(impossible, self.key, "have an answer that cannot have been found")

    def _possible(self, index: int, split: str, row: int, output: Output, found: object) -> bool:
        task, example = self.data[index].task, self.data[index].split(split)[row]
        if output == "generate":
            return isinstance(found, str) and task.extract(found) == found
        return found in {task.extract(choice) for choice in example.choices}


def _wanted(task: InstructionTask, example: Instruction) -> str:
    return json.dumps(task.wanted(example), ensure_ascii=False)


def chosen(choices: Sequence[str], values: Sequence[float], output: Output) -> str:
    """The likeliest choice, the first if several are; per character, as lm-eval's `acc_norm`."""
    if output == "choice_norm":
        values = [v / len(c) for v, c in zip(values, choices, strict=True)]
    return choices[int(np.argmax(values))]
