"""Eight commonsense sets as LLM-Adapters (Hu et al., arXiv 2304.01933) puts them to a model.

Trained on all sets together; scored in both dialects: the first allowed key in what is generated,
and the likeliest of all answers. The former also depends on keeping to the format, so the share of
answers without any key is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seesaw.tasks.families.language.instruction import Instruction, InstructionTask
from seesaw.tasks.sources.rows import checked, held_out, hub_rows, read_rows
from seesaw.tasks.task import DataError, TaskData

FIELDS = ("instruction", "input", "output", "answer")
WRAPPER = (
    "Below is an instruction that describes a task. Write a response that appropriately completes "
    "the request.\n\n### Instruction:\n{instruction}\n\n### Response:\n"
)
"""Alpaca's, for records without an input."""
INDENT = " " * 16
"""What stands before every line of the wrapper in the original code, by mistake."""
DEV_MOST = 500
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """A set: its folder in the original repository, where the hub has it, and its keys.

    `ask` makes the instruction and the answer's key from a row of the hub.
    """

    name: str
    folder: str
    key: str
    most: int
    hub: tuple[str, str | None, str]
    ask: Callable[[Row], tuple[str, str]]

    @property
    def keys(self) -> tuple[str, ...]:
        """Allowed answers."""
        if self.key == "true":
            return ("true", "false")
        return tuple(f"{self.key}{number}" for number in range(1, self.most + 1))


def _listed(lead: str, key: str, options: Sequence[str], right: int) -> tuple[str, str]:
    """An instruction in the form they share, and the key of the right option."""
    shown = " ".join(f"{key.capitalize()}{k}: {text}" for k, text in enumerate(options, 1))
    form = "/".join(f"{key}{k}" for k in range(1, len(options) + 1))
    return f"{lead}\n\n{shown}\n\nAnswer format: {form}", f"{key}{right + 1}"


QUESTION = "Please choose the correct answer to the question: "


def _boolq(row: Row) -> tuple[str, str]:
    asked = "Please answer the following question with true or false, question: "
    text = f"{asked}{row['question']}?\n\nAnswer format: true/false"
    return text, str(bool(row["answer"])).lower()


def _piqa(row: Row) -> tuple[str, str]:
    lead = f"Please choose the correct solution to the question: {row['goal']}"
    return _listed(lead, "solution", (row["sol1"], row["sol2"]), int(row["label"]))


def _siqa(row: Row) -> tuple[str, str]:
    lead = f"{QUESTION}{row['context']} {row['question']}"
    options = [row[f"answer{letter}"] for letter in "ABC"]
    return _listed(lead, "answer", options, int(row["label"]) - 1)


def _hellaswag(row: Row) -> tuple[str, str]:
    lead = (
        "Please choose the correct ending to complete the given sentence: "
        f"{row['activity_label']}: {row['ctx']}"
    )
    return _listed(lead, "ending", row["endings"], int(row["label"]))


def _winogrande(row: Row) -> tuple[str, str]:
    lead = (
        "Please choose the correct answer to fill in the blank to complete the given sentence: "
        f"{row['sentence']}"
    )
    return _listed(lead, "option", (row["option1"], row["option2"]), int(row["answer"]) - 1)


def _arc(row: Row) -> tuple[str, str]:
    asked = row.get("question") or row["question_stem"]
    choices = row["choices"]
    right = list(choices["label"]).index(row["answerKey"])
    return _listed(f"{QUESTION}{asked}", "answer", choices["text"], right)


SOURCES = (
    Source("boolq", "boolq", "true", 2, ("google/boolq", None, "validation"), _boolq),
    Source("piqa", "piqa", "solution", 2, ("baber/piqa", None, "validation"), _piqa),
    Source("siqa", "social_i_qa", "answer", 3, ("lighteval/siqa", None, "validation"), _siqa),
    Source(
        "hellaswag", "hellaswag", "ending", 4, ("Rowan/hellaswag", None, "validation"), _hellaswag
    ),
    Source(
        "winogrande",
        "winogrande",
        "option",
        2,
        ("allenai/winogrande", "winogrande_xl", "validation"),
        _winogrande,
    ),
    Source("arc_easy", "ARC-Easy", "answer", 5, ("allenai/ai2_arc", "ARC-Easy", "test"), _arc),
    Source(
        "arc_challenge", "ARC-Challenge", "answer", 5, ("allenai/ai2_arc", "ARC-Challenge", "test"),
        _arc,
    ),
    Source("openbookqa", "openbookqa", "answer", 4, ("allenai/openbookqa", "main", "test"), _arc),
)  # fmt: skip


def load(
    options: Mapping[str, Any], folder: Path | None
) -> list[TaskData[InstructionTask, Instruction]]:
    """The sets from the hub, or those of them that a local folder has.

    Args:
        options: `indent`, whether the wrapper's lines begin with spaces as in the original code;
            `dev_seed`; where a track has them `sets`, which of the eight are its tasks, and `most`,
            how many examples of `dev` and `test` are kept, drawn with `dev_seed`.
        folder: LLM-Adapters' `dataset`, a folder per set with `train.json` and `test.json`.

    Raises:
        DataError: a file, a field or an allowed answer is missing, or a set is none of the eight.
    """
    wanted = _wanted(options.get("sets", [source.name for source in SOURCES]))
    if folder is None:
        return [
            _data(s, options, _asked(s, "train"), _asked(s, s.hub[2]), s.hub[0]) for s in wanted
        ]
    here = [source for source in wanted if (folder / source.folder).is_dir()]
    if not here:
        names = ", ".join(source.folder for source in wanted)
        raise DataError(f"data folder {folder} has none of the sets: {names}")
    found = []
    for source in here:
        place = folder / source.folder
        train, test = (read_rows(place / f"{split}.json", FIELDS) for split in ("train", "test"))
        found.append(_data(source, options, train, test, str(place)))
    return found


def _wanted(names: Sequence[str]) -> list[Source]:
    known = [source.name for source in SOURCES]
    if unknown := [name for name in names if name not in known]:
        raise DataError(f"sets has {unknown[0]!r}; it may have: {', '.join(known)}")
    return [source for source in SOURCES if source.name in names]


def _asked(source: Source, split: str) -> list[dict[str, Any]]:
    name, config, _ = source.hub
    rows = []
    for number, row in enumerate(hub_rows(name, config, split, ())):
        try:
            text, key = source.ask(row)
        except (KeyError, ValueError) as error:
            raise DataError(f"{name} {split} row {number} lacks a field: {error}") from None
        output = f"the correct answer is {key}"
        rows.append({"instruction": text, "input": "", "output": output, "answer": key})
    return rows


def _data(
    source: Source,
    options: Mapping[str, Any],
    train: Sequence[Row],
    test: Sequence[Row],
    place: str,
) -> TaskData[InstructionTask, Instruction]:
    """The set as examples; training rows that are tested on are left out."""
    task = InstructionTask(
        source.name,
        metrics=("exact_match", "acc", "no_match"),
        max_new_tokens=32,
        beams=4,
        pattern="|".join(source.keys),
    )
    tested = _examples(source, options, test, f"{place} test")
    seen = {example.prompt for example in tested}
    learnt = _examples(source, options, train, f"{place} train")
    unseen = [e for e in learnt if e.prompt not in seen]
    seed, most = options["dev_seed"], options.get("most", {"dev": DEV_MOST, "test": len(tested)})
    rest, dev = held_out(unseen, seed, most["dev"])
    _, tested = held_out(tested, seed, most["test"], least=most["test"])
    return TaskData(task, rest, dev, tested)


def _examples(
    source: Source, options: Mapping[str, Any], rows: Sequence[Row], place: str
) -> list[Instruction]:
    wrapper = WRAPPER
    if options["indent"]:
        wrapper = "\n".join(f"{INDENT}{line}" if line else line for line in WRAPPER.split("\n"))
    found = []
    for number, row in enumerate(checked(rows, FIELDS, place)):
        form = str(row["instruction"]).rpartition("Answer format:")[2]
        keys = [key for key in source.keys if key in form.strip().split("/")]
        if row["answer"] not in keys:
            raise DataError(
                f"{place} row {number}: answer is {row['answer']!r}, the instruction allows "
                f"{', '.join(keys) or 'nothing: it has no answer format'}"
            )
        choices = tuple(f"the correct answer is {key}" for key in keys)
        prompt = wrapper.format(instruction=row["instruction"])
        found.append(Instruction(prompt, f"the correct answer is {row['answer']}", choices))
    return found
