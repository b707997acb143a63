"""Instruction data on disk: layouts of the sources, and what is said about bad files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seesaw.tasks.families.language.instruction import Instruction
from seesaw.tasks.sources import commonsense, flan, glue_t5, promptcblue, superni
from seesaw.tasks.task import DataError, Example

FORM = "Answer format: true/false"


def boolq(number: int, answer: str = "true", form: str = FORM) -> dict[str, str]:
    """A record as in the original repository."""
    return {
        "instruction": f"Please answer, question: is {number} a number?\n\n{form}",
        "input": "",
        "output": f"the correct answer is {answer}",
        "answer": answer,
    }


def written(path: Path, rows: Any, lines: bool = False) -> Path:
    """Rows as JSON, or JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows)
    path.write_text(text)
    return path


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """A `dataset` with one set."""
    written(tmp_path / "boolq" / "train.json", [boolq(n) for n in range(300)])
    written(tmp_path / "boolq" / "test.json", [boolq(n, "false") for n in range(290, 320)])
    return tmp_path


OPTIONS = {"indent": False, "dev_seed": 0}


def test_commonsense_reads_the_original_layout(records: Path) -> None:
    (data,) = commonsense.load(OPTIONS, records)
    assert data.task.name == "boolq"
    # ten rows of train are tested on, so they are not trained on
    assert (len(data.train), len(data.dev), len(data.test)) == (90, 200, 30)
    example = data.test[0]
    assert example.prompt.endswith("Answer format: true/false\n\n### Response:\n")
    assert example.choices == ("the correct answer is true", "the correct answer is false")
    assert data.task.extract("I say true, not false") == "true"
    assert data.task.extract("perhaps") == ""
    assert data.task.wanted(example) == ["false"]


def test_the_wrapper_can_be_indented_as_in_the_original(records: Path) -> None:
    (data,) = commonsense.load(OPTIONS | {"indent": True}, records)
    assert data.test[0].prompt.startswith(" " * 16 + "Below is")


def test_a_track_may_take_some_sets_and_keep_some_items(records: Path) -> None:
    for split, numbers in (("train", range(300)), ("test", range(290, 320))):
        written(records / "piqa" / f"{split}.json", [boolq(n) for n in numbers])
    (whole,) = commonsense.load(OPTIONS | {"sets": ["boolq"]}, records)
    few = {"sets": ["boolq"], "most": {"dev": 7, "test": 11}}
    (cut,) = commonsense.load(OPTIONS | few, records)
    assert whole.task.name == cut.task.name == "boolq"
    assert len(whole.test) == 30
    # what is tested on is not trained on, kept or not
    assert [len(split) for split in (cut.train, cut.dev, cut.test)] == [283, 7, 11]
    assert set(cut.test) < set(whole.test)
    assert {*cut.train, *cut.dev} == {*whole.train, *whole.dev}
    assert commonsense.load(OPTIONS | few, records)[0].sha256() == cut.sha256()
    with pytest.raises(DataError, match="sets has 'bool'; it may have: boolq, piqa"):
        commonsense.load(OPTIONS | {"sets": ["bool"]}, records)
    with pytest.raises(DataError, match=r"has none of the sets: openbookqa$"):
        commonsense.load(OPTIONS | {"sets": ["openbookqa"]}, records)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": None}, r"boolq/train\.json row 1 has no field 'answer'"),
        ({"answer": ["true"]}, r"train\.json row 1: answer is \['true'\], not text"),
        ({"answer": True}, r"train\.json row 1: answer is True, not text"),
        ({"answer": "maybe"}, r"row 1: answer is 'maybe', the instruction allows true, false"),
        ({"instruction": "is it?"}, r"row 1: answer is 'true', the instruction allows nothing"),
    ],
)
def test_bad_records_are_named(records: Path, change: dict[str, Any], message: str) -> None:
    path = records / "boolq" / "train.json"
    rows = json.loads(path.read_text())
    rows[1] |= change
    written(path, rows)
    with pytest.raises(DataError, match=message):
        commonsense.load(OPTIONS, records)


def test_bad_files_are_named(records: Path, tmp_path: Path) -> None:
    (records / "boolq" / "test.json").write_text("[{")
    with pytest.raises(DataError, match=r"test\.json cannot be read as JSON"):
        commonsense.load(OPTIONS, records)
    (records / "boolq" / "test.json").unlink()
    with pytest.raises(DataError, match=r"test\.json is missing"):
        commonsense.load(OPTIONS, records)
    with pytest.raises(DataError, match="has none of the sets: boolq, piqa"):
        commonsense.load(OPTIONS, tmp_path / "boolq")


@pytest.mark.parametrize(
    ("source", "row", "key", "shown"),
    [
        ("boolq", {"question": "is it", "answer": False}, "false", "question: is it?"),
        (
            "piqa",
            {"goal": "g", "sol1": "a", "sol2": "b", "label": 1},
            "solution2",
            "Solution1: a Solution2: b",
        ),
        (
            "siqa",
            {"context": "c", "question": "q", "answerA": "x", "answerB": "y", "answerC": "z",
             "label": "3"},
            "answer3",
            "Answer1: x Answer2: y Answer3: z",
        ),
        (
            "hellaswag",
            {"activity_label": "A", "ctx": "c", "endings": list("wxyz"), "label": "0"},
            "ending1",
            "sentence: A: c",
        ),
        (
            "winogrande",
            {"sentence": "the _", "option1": "a", "option2": "b", "answer": "2"},
            "option2",
            "Option1: a Option2: b",
        ),
        (
            "arc_easy",
            {"question": "q", "choices": {"text": list("abcd"), "label": list("ABCD")},
             "answerKey": "C"},
            "answer3",
            "answer1/answer2/answer3/answer4",
        ),
        (
            "openbookqa",
            {"question_stem": "q", "choices": {"text": list("abcd"), "label": list("ABCD")},
             "answerKey": "D"},
            "answer4",
            "question: q",
        ),
    ],
)  # fmt: skip
def test_rows_of_the_hub_become_the_same_records(
    source: str, row: dict[str, Any], key: str, shown: str
) -> None:
    own = next(s for s in commonsense.SOURCES if s.name == source)
    text, answer = own.ask(row)
    assert answer == key
    assert shown in text
    assert answer in text.rpartition("Answer format: ")[2].split("/")


@pytest.mark.parametrize(
    ("name", "example", "prompt", "answer"),
    [
        ("cola", Example("it is", None, 1), "cola sentence: it is", "acceptable"),
        ("mnli", Example("p", "h", 2), "mnli hypothesis: h premise: p", "contradiction"),
        ("qqp", Example("a", "b", 0), "qqp question1: a question2: b", "not_duplicate"),
        ("qnli", Example("a", "b", 1), "qnli question: a sentence: b", "not_entailment"),
        ("stsb", Example("a", "b", 2.53), "stsb sentence1: a sentence2: b", "2.6"),
    ],
)
def test_glue_as_text(name: str, example: Example, prompt: str, answer: str) -> None:
    assert glue_t5.asked(name, example) == Instruction(prompt, answer)


@pytest.mark.slow
def test_the_legacy_view_tunes_and_reports_on_one_half(shared_data: Path) -> None:
    options = {"dev_seed": 0, "hub": None}
    clean, legacy = (
        {d.task.name: d for d in glue_t5.load(options | {"view": v}, shared_data / "glue")}
        for v in ("clean", "legacy")
    )
    assert legacy["rte"].dev == legacy["rte"].test
    assert len(legacy["rte"].test) == len(clean["rte"].test) // 2
    assert clean["rte"].dev != clean["rte"].test
    assert legacy["sst2"].test == clean["sst2"].test


def flan_rows(domain: str, metric: str, count: int) -> list[dict[str, str]]:
    """Rows of one domain."""
    return [
        {"inputs": f"{domain} {n}", "targets": str(n), "task": "t", "domain": domain,
         "metric": metric}
        for n in range(count)
    ]  # fmt: skip


def test_flan_is_divided_by_domain_and_folds(tmp_path: Path) -> None:
    rows = flan_rows("NLI", "em", 20) + flan_rows("translation", "bleu", 10)
    written(tmp_path / flan.TEST, rows)
    options = {"dev_seed": 0, "folds": 5, "fold": 1}
    nli, translation = flan.load(options, tmp_path)
    assert (nli.task.name, nli.task.metrics) == ("NLI", ("exact_match",))
    assert translation.task.metrics == ("bleu",)
    assert [len(s) for s in (nli.train, nli.dev, nli.test)] == [12, 4, 4]
    assert {e.prompt for e in nli.test}.isdisjoint(e.prompt for e in (*nli.train, *nli.dev))
    written(
        tmp_path / flan.TRAIN, flan_rows("NLI", "em", 300) + flan_rows("translation", "em", 250)
    )
    nli, _ = flan.load(options, tmp_path)
    assert [len(s) for s in (nli.train, nli.dev, nli.test)] == [100, 200, 20]
    written(tmp_path / flan.TEST, [*rows, *flan_rows("NLI", "rouge", 1)])
    with pytest.raises(DataError, match="domain NLI has metrics em, rouge"):
        flan.load(options, tmp_path)


def test_superni_takes_every_task_and_all_references(tmp_path: Path) -> None:
    rows = [
        {"task_name": f"task{t}", "id": f"{t}-{n}-{r}", "definition": "do", "inputs": f"in {n}",
         "targets": f"out {n} {r}"}
        for t in (1, 2) for n in range(20) for r in range(2)
    ]  # fmt: skip
    written(tmp_path / "train.jsonl", [*rows, rows[0] | {"task_name": "task3"}], lines=True)
    data = superni.load({"dev_seed": 0, "least": 5}, tmp_path)
    assert [d.task.name for d in data] == ["task1", "task2"]
    assert [len(s) for s in (data[0].train, data[0].dev, data[0].test)] == [17, 1, 2]
    assert len(data[0].task.wanted(data[0].test[0])) == 2
    with pytest.raises(DataError, match="no task has 50 instances"):
        superni.load({"dev_seed": 0, "least": 50}, tmp_path)


def test_promptcblue_keeps_the_sets_that_are_reported(tmp_path: Path) -> None:
    def rows(name: str, count: int) -> list[dict[str, str]]:
        return [{"input": f"{name} {n}", "target": "a", "task_dataset": name} for n in range(count)]

    written(tmp_path / "train.json", rows("CHIP-CTC", 40) + rows("other", 5), lines=True)
    written(tmp_path / "dev.json", rows("CHIP-CTC", 6), lines=True)
    (data,) = promptcblue.load({"dev_seed": 0}, tmp_path)
    assert (data.task.name, data.task.metrics) == ("CHIP-CTC", ("micro_f1",))
    assert [len(s) for s in (data.train, data.dev, data.test)] == [38, 2, 6]
