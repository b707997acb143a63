"""Dense learning: passes, losses and outcomes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from seesaw.methods import routing
from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.request import parse_method
from seesaw.suite.plan.workload import Workload
from seesaw.suite.run.evaluate import predict
from seesaw.suite.run.model import build
from seesaw.tasks.backbones import vision
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.dense.family import DenseFamily
from seesaw.tasks.families.dense.metrics import Meter
from seesaw.tasks.families.dense.sample import IGNORE
from seesaw.tasks.families.dense.task_types import (
    Depth,
    Edges,
    Normals,
    NormalsInPoints,
    Saliency,
    Segmentation,
)
from seesaw.tasks.families.family import routed


@pytest.fixture
def workload(tiny_scenes: Path) -> Workload:
    return Workload(get_track(str(tiny_scenes)))


def built(workload: Workload, method: str) -> nn.Module:
    """A model whose update is not zero."""
    job = make_jobs(workload, [parse_method(method)], Budget(), [0])[0]
    model = build(workload, job.config, 0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad and not name.startswith("heads"):
                parameter.add_(0.05 * torch.randn_like(parameter))
    return model.eval()


@pytest.mark.parametrize("method", ["ase", "moelora", "more", "lora_per_task"])
def test_one_large_batch_is_a_pass_per_task(workload: Workload, method: str) -> None:
    model = built(workload, method)
    batch, _ = next(workload.family.data.eval("test", 4))
    assert model.passes == 5
    with torch.no_grad():
        with routed(model, batch):
            together = model(batch)
        for index, (name, head) in enumerate(model.heads.items()):
            with routing(model, torch.full((len(batch),), index)):
                grid = vision.features(model.backbone, batch.images)
            torch.testing.assert_close(together[name], head(grid, (48, 48)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("method", "attended"), [("moelora", [1, 5]), ("ase", [5, 5]), ("lora", [1, 1])]
)
def test_nothing_below_the_first_adapter_runs_twice(
    workload: Workload, method: str, attended: list[int]
) -> None:
    model = built(workload, method)
    batch, _ = next(workload.family.data.eval("test", 2))
    sizes: dict[str, int] = {}

    def note(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
            sizes[name] = len(inputs[0])

        return hook

    vit_model = model.backbone
    vit_model.patch_embed.register_forward_pre_hook(note("patches"))
    for index in (0, 1):
        vit_model.blocks[index].attn.register_forward_pre_hook(note(f"attention {index}"))
    with torch.no_grad(), routed(model, batch):
        model(batch)
    assert sizes["patches"] == 2
    assert [sizes[f"attention {index}"] // 2 for index in (0, 1)] == attended


def test_batches_follow_the_generator_and_go_round(workload: Workload) -> None:
    def drawn(seed: int) -> Iterator[list[str]]:
        order = np.random.default_rng(seed)
        for (batch,) in workload.family.data.train(order, 6, 4, 1):
            yield [sample.name for sample in batch.samples]

    one, same, other = (list(drawn(seed)) for seed in (0, 0, 1))
    assert one == same != other
    names = [name for batch in one for name in batch]
    assert len(set(names[:12])) == len(set(names[12:])) == 12  # two epochs


def test_micro_batches_cut_a_batch(workload: Workload) -> None:
    order = np.random.default_rng(0)
    (parts,) = workload.family.data.train(order, 1, 4, 2)
    assert [len(part) for part in parts] == [2, 2]


def test_outcomes_give_the_scores_of_the_streaming_metrics(workload: Workload) -> None:
    from accelerate import Accelerator

    model, family = built(workload, "lora"), workload.family
    assert isinstance(family, DenseFamily)
    frame, _ = predict(model, family, Accelerator(cpu=True))
    assert set(frame["split"]) == {"dev", "test"}
    batch, rows = next(family.data.eval("test", 5))
    with torch.no_grad():
        outputs = model(batch)
    for task in family.tasks:
        wanted: dict[str, float] = {}
        for metric in task.measures().values():
            meter = Meter(metric)
            for row in rows:
                sample = batch.samples[row]
                label = (
                    sample.labels[task.name]
                    if metric.on_training_label
                    else sample.truth(task.name)
                )
                meter.update(family.scoring.predicted(outputs, batch, row)[task.name], label)
            wanted |= meter.compute()
        found = family.scoring.scores(frame, task.name, task.metrics)["test"]
        assert found == pytest.approx({name: wanted[name] for name in task.metrics})


def test_constants_are_what_the_best_constant_scores(workload: Workload) -> None:
    constants = workload.family.scoring.constants
    assert constants["semseg"]["miou"] < 0.1
    assert constants["normals"]["normals_mean_deg"] > 30
    assert constants["edges"]["edge_odsF"] < 0.1


def test_normals_in_points_are_held_against_the_most_frequent_direction() -> None:
    up, left = np.array([0, 1, 0], np.float32), np.array([-0.6, 0, 0.8], np.float32)
    label = np.zeros((4, 4, 3), np.float32)
    label[:2], label[2] = up, left
    task = NormalsInPoints("normals")
    assert (task.unit, task.lower_is_better) == ("points", False)
    constant = task.constant([label])
    np.testing.assert_allclose(constant, up, atol=1e-6)
    measure = task.measures()["normals"]
    statistics = measure.statistics(np.broadcast_to(constant, label.shape), label)
    assert measure.values(statistics)[task.metrics[0]] == pytest.approx(2 / 3)
    assert set(task.metrics) == set(Normals("normals").metrics)


def test_losses_are_those_of_the_survey() -> None:
    torch.manual_seed(0)
    outputs, pixels = torch.randn(2, 3, 4, 4), (2, 4, 4)
    labels = torch.randint(0, 3, pixels)
    labels[0, 0] = IGNORE
    wanted = F.cross_entropy(outputs.movedim(1, -1)[labels != IGNORE], labels[labels != IGNORE])
    torch.testing.assert_close(Segmentation("c", 3).loss(outputs, labels.to(torch.uint8)), wanted)

    binary = torch.randint(0, 2, pixels).to(torch.uint8)
    binary[1, 1] = IGNORE
    logits, valid = outputs[:, 0], binary != IGNORE
    p, y = torch.sigmoid(logits[valid]), binary[valid].float()
    w = (1 - y).mean()
    wanted = -(w * y * p.log() + (1 - w) * (1 - y) * (1 - p).log()).mean()
    torch.testing.assert_close(Saliency("s").loss(outputs[:, :1], binary), wanted)
    wanted = -(0.95 * y * p.log() + 0.05 * (1 - y) * (1 - p).log()).mean()
    torch.testing.assert_close(Edges("e").loss(outputs[:, :1], binary), wanted)

    normals = F.normalize(torch.randn(2, 4, 4, 3), dim=-1)
    normals[0, 0] = 0
    unit = F.normalize(outputs, dim=1).movedim(1, -1)
    known = normals.abs().sum(-1) > 0
    wanted = (unit - normals).abs()[known].sum() / (3 * known.sum())
    torch.testing.assert_close(Normals("n").loss(outputs, normals), wanted)
    depth = torch.rand(pixels)
    depth[0] = 0
    wanted = (outputs[1, 0] - depth[1]).abs().mean()
    torch.testing.assert_close(Depth("d").loss(outputs[:, :1], depth), wanted)


@pytest.mark.parametrize(
    ("task", "label"),
    [
        (Segmentation("c", 3), torch.full((1, 2, 2), IGNORE)),
        (Saliency("s"), torch.full((1, 2, 2), IGNORE)),
        (Edges("e"), torch.full((1, 2, 2), IGNORE)),
        (Normals("n"), torch.zeros(1, 2, 2, 3)),
        (Depth("d"), torch.zeros(1, 2, 2)),
    ],
)
def test_a_batch_without_labels_costs_nothing(task: Segmentation, label: torch.Tensor) -> None:
    outputs = torch.randn(1, task.outputs, 2, 2, requires_grad=True)
    loss = task.loss(outputs, label)
    loss.backward()
    assert loss.item() == 0
    assert outputs.grad is not None
    assert not outputs.grad.any()


def test_losses_stay_finite_for_large_logits() -> None:
    outputs = torch.full((1, 1, 1, 2), 1e4, requires_grad=True)
    Edges("e").loss(outputs, torch.tensor([[[0, 1]]])).backward()
    assert torch.isfinite(outputs.grad).all()
