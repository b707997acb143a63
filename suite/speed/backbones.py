"""Step times on bare backbones, with random weights and inputs, at one total rank."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from seesaw.methods import routing
from seesaw.methods.core.inputs import input_embedding
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.lora import LoRAConfig
from seesaw.suite.costs.backbones import build_backbone
from seesaw.suite.costs.setting import Setting
from seesaw.suite.plan.request import MethodRequest
from seesaw.suite.records.speed import SpeedRecord
from seesaw.suite.records.store import Store
from seesaw.suite.run.determinism import seeded
from seesaw.suite.speed.rivals import references
from seesaw.suite.speed.runner import Runner, stored, take_turns, with_gradients

LEARNING_RATE = 1e-4
"""Nothing is learnt."""


@dataclass(frozen=True)
class BareBackbone:
    """A backbone with random weights and inputs, for methods compared at one total rank."""

    place: Setting
    rank: int
    batch: tuple[int, int]
    """Examples, and tokens of each; images bring their own."""
    loops: tuple[int, ...]
    compiled: bool = False

    @property
    def slug(self) -> str:
        """Stands for the track in records."""
        compiled = "-compiled" if self.compiled else ""
        # a folder goes by its own name: records hold no path of a machine
        return f"{Path(self.place.name).name}-r{self.rank}{compiled}"

    @property
    def lora(self) -> LoRAConfig:
        """PEFT's LoRA of the same total rank."""
        config = LoRAConfig(r=self.rank).scaled(1.0)
        placed: LoRAConfig = config.placed(self.place.placement, 0.0, self.place.n_tasks)
        return placed

    def runners(self, methods: Mapping[str, MethodConfig]) -> dict[str, Runner]:
        """The frozen backbone, PEFT's LoRA, `methods` and the references, by name."""
        tasks = torch.arange(self.batch[0], device=_device()) % self.place.n_tasks
        adapts = {name: config.adapt for name, config in {"LoRA": self.lora, **methods}.items()}
        linears = self.place.placement.linears
        adapts |= references(linears, self.rank, self.loops, tasks)
        found = {"frozen": self.runner(with_gradients, tasks)}
        return found | {name: self.runner(adapt, tasks) for name, adapt in adapts.items()}

    def runner(self, adapt: Callable[[nn.Module], nn.Module], tasks: Tensor) -> Runner:
        """One adapted copy of the backbone; the loss is the mean square of its output."""
        with seeded(0):
            backbone = build_backbone(self.place.name).requires_grad_(False)
            for module in backbone.modules():
                if isinstance(module, nn.Dropout):
                    module.p = 0.0
            model = adapt(backbone).to(_device()).train()
            inputs = self.inputs().to(_device())
        trained = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trained, LEARNING_RATE, fused=True) if trained else None
        called: Any = torch.compile(model) if self.compiled else model
        autocast = torch.autocast(_device(), torch.bfloat16, enabled=_device() == "cuda")

        def step() -> None:
            with routing(model, tasks) as state:
                with autocast:
                    output = called(inputs)
                    output = getattr(output, "last_hidden_state", output)
                (output.float().square().mean() + state.auxiliary_loss()).backward()
            if optimizer is not None:
                optimizer.step()
                optimizer.zero_grad()

        return Runner(model, step)

    def inputs(self) -> Tensor:
        """Random token ids, or images as timm's models take them."""
        size, length = self.batch
        if not timm.is_model(self.place.name):
            return torch.randint(1000, (size, length))
        config = timm.get_pretrained_cfg(self.place.name)
        return torch.randn(size, *(config.input_size if config else (3, 224, 224)))

    def tokens(self) -> int:
        """Tokens of one example; images tell by their patches."""
        with torch.device("meta"):
            embedding = input_embedding(build_backbone(self.place.name))
            return int(embedding(self.inputs()).shape[1])


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def measure_backbone(
    bare: BareBackbone, requests: Sequence[MethodRequest], rounds: int, store: Store
) -> Iterator[SpeedRecord]:
    """One speed record per method; all of them, LoRA and the references take turns."""
    place = bare.place
    configs = {
        request.label: request.config()
        .placed(place.placement, 0.0, place.n_tasks)
        .at_total_rank(bare.rank)
        .scaled(1.0)
        for request in requests
    }
    runners = bare.runners(configs)
    take_turns(list(runners.values()), rounds)
    budget = place.parameters(bare.lora).total
    others = set(runners) - {"frozen", "LoRA", *configs}
    for request in requests:
        yield stored(
            {
                "track": bare.slug,
                "budget": budget,
                "method": request.name,
                "options": request.options,
                "batch": [bare.batch[0], bare.tokens()],
                "references": {name: runners[name].seconds for name in sorted(others)},
            },
            (configs[request.label], bare.lora),
            (runners[request.label], runners["LoRA"], runners["frozen"]),
            place,
            store,
        )
