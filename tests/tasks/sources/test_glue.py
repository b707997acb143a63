"""GLUE from a local folder: splits, checks, and the real data where it is at hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from seesaw.tasks.catalogue import get_track
from seesaw.tasks.sources.glue import TASKS, load
from seesaw.tasks.task import DataError

TRACK = get_track("glue")
OPTIONS = {"hub": TRACK.hub, **TRACK.options}


def write(folder: Path, task: str, split: str, frame: pd.DataFrame) -> None:
    (folder / task).mkdir(exist_ok=True)
    frame.to_parquet(folder / task / f"{split}-00000-of-00001.parquet")


def sentences(n: int, start: int = 0) -> pd.DataFrame:
    rows = range(start, start + n)
    return pd.DataFrame({"sentence": [f"text {i}" for i in rows], "label": [i % 2 for i in rows]})


def test_dev_comes_out_of_train_and_validation_is_test(tmp_path: Path) -> None:
    write(tmp_path, "cola", "train", sentences(1000))
    write(tmp_path, "cola", "validation", sentences(60, start=990))
    slug, (data,) = TRACK.load_data(tmp_path)
    assert slug == "glue@2-local1"
    assert data.task.name == "cola"
    assert data.task.metrics[0] == "matthews"
    # ten training rows stand in validation too and are left out
    assert (len(data.train), len(data.dev), len(data.test)) == (790, 200, 60)
    assert not {e.text_a for e in data.train} & {e.text_a for e in data.test}
    assert not {e.text_a for e in data.train} & {e.text_a for e in data.dev}
    assert load(OPTIONS, tmp_path)[0].sha256() == data.sha256()


def test_only_some_tasks_is_another_slug(tmp_path: Path) -> None:
    for task in ("cola", "sst2"):
        write(tmp_path, task, "train", sentences(300))
        write(tmp_path, task, "validation", sentences(30, start=400))
    slug, data = TRACK.load_data(tmp_path, only=["sst2"])
    assert (slug, [d.task.name for d in data]) == ("glue@2-local2-sst2", ["sst2"])
    with pytest.raises(DataError, match=r"unknown task 'ssst'.*it has: cola, sst2"):
        TRACK.load_data(tmp_path, only=["ssst"])


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere does not exist"):
        load(OPTIONS, tmp_path / "nowhere")
    with pytest.raises(DataError, match="has no GLUE task; it needs folders among: cola, mnli"):
        load(OPTIONS, tmp_path)
    write(tmp_path, "cola", "train", sentences(300))
    with pytest.raises(DataError, match=r"cola has no file validation-\*.parquet"):
        load(OPTIONS, tmp_path)
    write(tmp_path, "cola", "validation", sentences(30).rename(columns={"sentence": "text"}))
    with pytest.raises(DataError, match="no column 'sentence'; it needs sentence, label"):
        load(OPTIONS, tmp_path)
    write(tmp_path, "cola", "validation", sentences(30).assign(label=7))
    with pytest.raises(DataError, match=r"row 0: label is 7, not one of 0 \.\.\. 1"):
        load(OPTIONS, tmp_path)


def test_a_text_that_is_none_is_named(tmp_path: Path) -> None:
    write(tmp_path, "cola", "train", sentences(300))
    write(tmp_path, "cola", "validation", sentences(30).assign(sentence=[None, *["a"] * 29]))
    with pytest.raises(DataError, match="row 0: sentence is None, not text"):
        load(OPTIONS, tmp_path)


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    write(tmp_path, "cola", "train", sentences(300))
    (tmp_path / "cola" / "validation-0.parquet").write_text("no parquet")
    with pytest.raises(DataError, match=r"validation-0\.parquet cannot be read as Parquet"):
        load(OPTIONS, tmp_path)


def test_the_hub_is_read_by_its_configurations_and_splits(tmp_path: Path) -> None:
    """A folder laid out as the hub's repository, read the way the hub is."""
    configs = ["configs:"]
    for glue in TASKS:
        columns = {column: [f"{column} {i}" for i in range(300)] for column in glue.columns}
        frame = pd.DataFrame({**columns, "label": [i % 2 for i in range(300)], "idx": range(300)})
        test = frame.iloc[:20].replace(r"^", "other ", regex=True).assign(label=1)
        write(tmp_path, glue.task.name, "train", frame)
        write(tmp_path, glue.task.name, glue.test_split, test)
        configs += [f"- config_name: {glue.task.name}", "  data_files:"]
        for split in ("train", glue.test_split):
            configs += [f"  - split: {split}", f"    path: {glue.task.name}/{split}-*"]
    (tmp_path / "README.md").write_text("---\n" + "\n".join(configs) + "\n---\n")
    slug, data = TRACK.model_copy(update={"hub": str(tmp_path)}).load_data(None)
    assert slug == "glue@2"
    assert tuple(d.task.name for d in data) == TRACK.tasks
    assert {(len(d.train), len(d.dev), len(d.test)) for d in data} == {(100, 200, 20)}


def test_the_real_six_tasks(shared_data: Path) -> None:
    slug, data = TRACK.load_data(shared_data / "glue")
    assert slug == "glue@2-local6"
    sizes = {d.task.name: len(d.test) for d in data}
    assert sizes == {"cola": 1043, "mrpc": 408, "qqp": 2279, "rte": 277, "sst2": 872, "stsb": 1500}
    for d in data:
        tested = {e[:2] for e in d.test}
        assert not any(e[:2] in tested for e in (*d.train, *d.dev))
    stsb = next(d for d in data if d.task.name == "stsb")
    assert stsb.task.n_classes is None
    assert max(e.label for e in stsb.train) == 5.0
