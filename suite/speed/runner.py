"""One step of one model, timed in turns with others."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import torch
from torch import nn

from seesaw.methods.core.inputs import input_embedding
from seesaw.methods.core.method import MethodConfig
from seesaw.suite.costs.peak_memory import PeakMemory
from seesaw.suite.costs.profile import count_flops, saved_for_backward
from seesaw.suite.costs.setting import Setting
from seesaw.suite.records.provenance import provenance
from seesaw.suite.records.speed import SpeedRecord
from seesaw.suite.records.store import Store


@dataclass
class Runner:
    """A model and a function that does one whole optimiser step of it, with what was measured."""

    model: nn.Module
    step: Callable[[], object]
    flops: int = 0
    saved_bytes: int = 0
    peak_memory: int = 0
    times: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Operations, bytes saved for backward, and memory of one step over what is held."""
        self.flops = count_flops(self.step)
        with saved_for_backward(*self.model.parameters()) as kept:
            self.step()
        self.saved_bytes = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
        del kept
        gc.collect()
        with PeakMemory() as memory:
            self.step()
        self.peak_memory = memory.grown

    @property
    def seconds(self) -> float:
        """Median over the rounds."""
        return median(self.times)


def with_gradients(backbone: nn.Module) -> nn.Module:
    """Make backward go down to the embeddings, as far as the lowest adapter would need it."""
    input_embedding(backbone).register_forward_hook(lambda _, inputs, out: out.requires_grad_())
    return backbone


def take_turns(runners: Sequence[Runner], rounds: int) -> None:
    """Time one step of each in every round; the order turns round with every round.

    An untimed step goes before, so that what another model left in caches and allocator is not
    counted.
    """
    for runner in runners:
        runner.measure()
    for number in range(rounds):
        for runner in runners if number % 2 else reversed(runners):
            runner.step()
            _wait()
            start = time.perf_counter()
            runner.step()
            _wait()
            runner.times.append(time.perf_counter() - start)


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def stored(
    fields: Mapping[str, Any],
    configs: tuple[MethodConfig, MethodConfig],
    runners: Sequence[Runner],
    place: Setting,
    store: Store,
) -> SpeedRecord:
    """The record of one method: its runner, LoRA's and the frozen backbone's, in this order."""
    own, lora, frozen = runners
    pairs = {"lora": zip(own.times, lora.times, strict=True)}
    pairs["frozen"] = zip(own.times, frozen.times, strict=True)
    ratios = {name: median(a / b for a, b in pair) for name, pair in pairs.items()}
    record = SpeedRecord(
        attempt=1,
        **fields,
        config=configs[0].describe(),
        lora_config=configs[1].describe(),
        rounds=len(own.times),
        step_s=own.seconds,
        lora_step_s=lora.seconds,
        frozen_step_s=frozen.seconds,
        ratio_to_lora=ratios["lora"],
        ratio_to_frozen=ratios["frozen"],
        flops=own.flops,
        lora_flops=lora.flops,
        frozen_flops=frozen.flops,
        saved_per_token=place.saved(configs[0]),
        saved_bytes=own.saved_bytes,
        lora_saved_bytes=lora.saved_bytes,
        frozen_saved_bytes=frozen.saved_bytes,
        peak_memory=own.peak_memory,
        lora_peak_memory=lora.peak_memory,
        provenance=provenance(),
    )
    return record.model_copy(update={"attempt": store.next_attempt(record)})
