"""Dense tracks from the command line to the leaderboard, on a few small pictures."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import odd_archives
import pandas as pd
import pytest
from accelerate import Accelerator
from conftest import Seesaw, changed
from PIL import Image
from safetensors.torch import load, save_file

from seesaw.suite.plan.request import RequestError
from seesaw.suite.plan.workload import Workload, stored_config
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.run.evaluate import answer
from seesaw.suite.run.model import build
from seesaw.tasks.backbones import vision
from seesaw.tasks.backbones.locate import sha256
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.dense.boundaries import laplacian, outlines
from seesaw.tasks.families.dense.metrics import Meter
from seesaw.tasks.families.dense.sample import Sample
from seesaw.tasks.families.dense.transforms import unit
from seesaw.tasks.sources.pascal_images import WITH_NORMALS
from seesaw.tasks.sources.scenes.archive import LABEL_MAP, VOC, coded, write
from seesaw.tasks.sources.scenes.render import sample
from seesaw.tasks.task import DataError

TASKS = ["semseg", "human_parts", "saliency", "normals", "edges"]


@pytest.mark.slow
def test_from_bench_to_the_pictures(seesaw: Seesaw, tiny_scenes: Path, tmp_path: Path) -> None:
    methods = ["lora", "ase", "lora_per_task_full", "full"]
    answer = seesaw.bench(tiny_scenes, *methods)
    assert [run["status"] for run in answer] == ["ok"] * 4, [run["error"] for run in answer]
    store = Store("runs")
    records = {record.spec.method: record for record in store.scan().records}
    lora, ase = records["lora"], records["ase"]
    assert list(lora.tasks) == TASKS
    assert [r.cost and r.cost.passes for r in (lora, ase)] == [1, 5]
    assert lora.cost is not None
    assert ase.cost is not None
    assert ase.cost.flops_infer > 3 * lora.cost.flops_infer
    assert lora.tasks["normals"].unit == "degrees"
    assert lora.tasks["normals"].lower_is_better
    assert lora.tokens == 3 * 4 * 16  # images of 4 x 4 patches
    place = next(iter(ase.routing.values()))
    assert len(place.by_task) == 5
    assert sum(place.by_task[0]) == pytest.approx(1.0, abs=1e-3)
    frame = pd.read_parquet(io.BytesIO(store.outcomes(lora)))
    assert set(frame.columns) == {"split", "task", "family", "row", "statistics"}

    again = seesaw.bench(tiny_scenes, "lora", "--force")
    assert again[0]["scores"] == answer[0]["scores"]
    assert store.find(again[0]["path"].rpartition("/")[2]).outcomes_sha256 == lora.outcomes_sha256

    checked = json.loads(seesaw("verify", "--store", "runs", "--track", str(tiny_scenes), "--json"))
    assert set(map(tuple, checked.values())) == {()}

    stores = ("--results", "runs", "--out", "out")
    seesaw("leaderboard", *stores, "--track", tiny_scenes)
    page = (tmp_path / "out/LEADERBOARD.md").read_text()
    headers = [line for line in page.splitlines() if line.startswith("| entry")]
    verdicts, by_task = ([c.strip() for c in h.strip("|").split("|")] for h in headers[:2])
    assert "normals (normals_mean_deg, degrees ↓)" in by_task
    assert "Δm (95 %)" in verdicts
    assert not {"average", "average (95 %)"} & {*verdicts, *by_task}
    table = pd.read_csv(tmp_path / "out/LEADERBOARD.csv")
    reference = table[table.entry == "lora_per_task_full"]
    assert (reference.delta_m == 0).all()
    own = table[table.entry == "lora"].set_index("task")
    signs = pd.Series({task: -1 if task == "normals" else 1 for task in TASKS})
    base = reference.set_index("task")["mean"]
    gains = 100 * signs * (own["mean"] - base) / base
    assert own.delta_m.iloc[0] == pytest.approx(gains.mean(), abs=0.01)
    assert own.delta_m_without["edges"] == pytest.approx(gains.drop("edges").mean(), abs=0.01)
    link = page.partition("[ase](")[2].partition(")")[0]
    assert Image.open(tmp_path / "out" / link).format == "WEBP"

    name = f"{ase.path.rpartition('/')[2]}.json"
    seesaw("show", str(tiny_scenes), "--record", name, "--to", "shown")
    stem = name.removesuffix(".json")
    sheet = Image.open(tmp_path / f"shown/{stem}.webp")
    assert sheet.size == Image.open(tmp_path / "out" / link).size
    assert (tmp_path / f"shown/{stem}-routing.svg").read_text().count("<svg") == 1


def test_labels_alone_make_a_sheet_too(seesaw: Seesaw, tiny_scenes: Path, tmp_path: Path) -> None:
    seesaw("show", str(tiny_scenes), "--to", "shown")
    assert Image.open(tmp_path / "shown/dense.webp").format == "WEBP"


def test_tracks_of_texts_have_no_pictures(seesaw: Seesaw, tiny_track: Path) -> None:
    with pytest.raises(RequestError, match="has no images to show"):
        seesaw("show", str(tiny_track))


def scores_from_the_renderer(
    record: Record, track: Path, seeds: list[int]
) -> dict[str, dict[str, float]]:
    """Test scores of a run's predictions against labels that never were in the archive."""
    workload = Workload(get_track(str(track)), Path("PASCAL_MT"), "vit.safetensors")
    family: Any = workload.family
    model = build(workload, stored_config(record.spec, workload.track), 0)
    model.load_state_dict(load(Store("runs").weights(record)), strict=False)
    batch, rows = next(family.data.eval("test", len(seeds)))
    outputs = answer(model.eval(), Accelerator(cpu=True), batch)
    scenes = [rendered(seed, 40) for seed in seeds]
    found: dict[str, dict[str, float]] = {}
    for task in family.tasks:
        meters = [Meter(metric) for metric in task.measures().values()]
        for row in rows:
            for meter in meters:
                own = {} if meter.metric.on_training_label else scenes[row].scored
                label = own.get(task.name, scenes[row].labels[task.name])
                meter.update(family.scoring.predicted(outputs, batch, row)[task.name], label)
        values = {name: value for meter in meters for name, value in meter.compute().items()}
        found[task.name] = {name: values[name] for name in task.metrics}
    return found


def rendered(seed: int, side: int) -> Sample:
    """A scene with the labels that PASCAL-Context has for it, straight from the renderer."""
    scene = sample(seed, side)
    classes = scene.labels["semseg"]
    names = LABEL_MAP[classes]
    normals = unit(2.0 * coded(scene.labels["normals"]) / 255 - 1)  # 8 bits, as on disk
    labels = {
        **scene.labels,
        "semseg": VOC[classes],
        "normals": normals * WITH_NORMALS[names][..., None],
        "edges": laplacian(names).astype(np.uint8),
    }
    return Sample("rendered", scene.image, labels, {"edges": outlines(names).astype(np.uint8)})


@pytest.mark.slow
def test_the_rendered_archive_runs_like_the_real_one(seesaw: Seesaw, tmp_path: Path) -> None:
    write(tmp_path / "PASCAL_MT", train=6, val=6, side=40)
    path = changed(
        "pascal-context", tmp_path / "small.toml", name='"small"', size="[64, 64]", steps=2,
        batch_size=3, model='"vit_tiny_patch16_224"',
    )  # fmt: skip
    backbone = vision.build("vit_tiny_patch16_224", (224, 224), {})
    save_file(backbone.state_dict(), tmp_path / "vit.safetensors")
    arguments = ["--data", "PASCAL_MT", "--weights", "vit.safetensors", "--budget", "100k"]
    (run,) = seesaw.bench(path, "smora", *arguments)
    assert run["status"] == "ok", run["error"]
    record = Store("runs").find(run["path"].rpartition("/")[2])
    assert record.tasks["semseg"].n == 3
    assert record.spec.weights_sha256 == sha256(tmp_path / "vit.safetensors")
    direct = scores_from_the_renderer(record, path, [10**6 + n for n in (3, 4, 5)])
    for task, result in record.tasks.items():
        assert result.test == pytest.approx(direct[task], rel=1e-6), task
    with pytest.raises(DataError, match="needs a folder with its data"):
        seesaw("bench", "lora", "--track", str(path))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pascal-context-dinov2", "nyud-dinov2"])
def test_archives_on_the_packaged_backbone(seesaw: Seesaw, tmp_path: Path, name: str) -> None:
    make = odd_archives.nyud if name.startswith("nyud") else odd_archives.pascal
    make(tmp_path / "archive", [f"{number:04d}" for number in range(15)])
    sizes = {"size": "[56, 56]", "steps": 2, "batch_size": 2}
    path = changed(name, tmp_path / "small.toml", name='"small"', **sizes)
    track = get_track(name)
    assert (track.backbone.packaged, track.recipe.size) == ("dinov2-s14", (224, 224))
    assert track.backbone.reads == {r"(blocks\.\d+\.mlp)\.fc2": r"\1.fc1"}
    # the same architecture, two blocks of it, with other weights
    lines = [x for x in path.read_text().splitlines() if not x.startswith(("packaged", "sha256"))]
    path.write_text("\n".join([*lines, "[backbone.options]", "depth = 2"]))
    backbone = vision.build(track.backbone.model, (224, 224), {"depth": 2})
    save_file(backbone.state_dict(), tmp_path / "vit.safetensors")
    arguments = ["--data", "archive", "--weights", "vit.safetensors", "--budget", "100k"]
    (run,) = seesaw.bench(path, "ase", *arguments)
    assert run["status"] == "ok", run["error"]
    record = Store("runs").find(run["path"].rpartition("/")[2])
    assert list(record.tasks) == list(track.tasks)
    assert record.spec.recipe["pixels"] == "opencv"
    checked = seesaw("verify", "--store", "runs", "--track", path, "--data", "archive",
                     "--weights", "vit.safetensors", "--json")  # fmt: skip
    assert set(map(tuple, json.loads(checked).values())) == {()}


@pytest.mark.slow
def test_speed_on_a_dense_track(seesaw: Seesaw, tiny_scenes: Path) -> None:
    (found,) = json.loads(
        seesaw("speed", "moelora", "--track", str(tiny_scenes), "--rounds", "3", "--json")
    )
    assert found["batch"] == [4, 16]
    assert found["flops"] > 3 * found["lora_flops"]
