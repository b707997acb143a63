"""Where methods are compared: a backbone, what is adapted, a number of tasks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.parameters import Parameters
from seesaw.methods.core.placement import Linears, Placement, Shapes
from seesaw.suite.costs.profile import saved_elements


@dataclass(frozen=True)
class Setting:
    """Where methods are compared: a backbone's linears, what is adapted, a number of tasks.

    `dense` says that every input carries all tasks, as in dense vision; a method that must be told
    the task then takes one pass of the backbone per task.
    """

    name: str
    linears: Linears
    n_tasks: int
    placement: Placement = field(default_factory=lambda: Placement(".*"))
    dense: bool = False

    def shapes(self, config: MethodConfig) -> Shapes:
        """Where a method acts."""
        return config.places(self.placement, self.linears)

    def parameters(self, config: MethodConfig) -> Parameters:
        """Closed form of a method's parameters here."""
        return config.parameters(self.shapes(config), self.n_tasks)

    @cached_property
    def frozen(self) -> int:
        """Frozen weights of all linears."""
        return sum(d_in * d_out for d_in, d_out in self.linears.values())

    def passes(self, config: MethodConfig) -> int:
        """Passes of the backbone that one input takes."""
        return self.n_tasks if self.dense and config.told_task else 1

    def training_flops(self, config: MethodConfig, parameters: Parameters) -> int:
        """Operations per token of input, forward and backward, all passes; attention left out.

        4 for every frozen weight (forward, gradient of the input), 6 for every adapter's. Gates are
        dense: every expert is computed, and masked.
        """
        if not config.has_adapter:  # the weights themselves are trained, or none of them
            trained = parameters.experts
            return 4 * self.frozen + 2 * trained if trained else 2 * self.frozen
        adapter = 6 * (parameters.experts + parameters.active_router)
        return self.passes(config) * (4 * self.frozen + adapter)

    def inference_flops(self, config: MethodConfig, parameters: Parameters) -> int:
        """Operations per token of input with what can be merged merged."""
        adapter = parameters.experts + parameters.active_router if config.merges == "no" else 0
        if not config.has_adapter:
            adapter = 0
        return self.passes(config) * 2 * (self.frozen + adapter)

    def saved(self, config: MethodConfig) -> float:
        """Activation elements saved per token at one place in one pass, mean over places."""
        count = Counter(config.own_places(self.shapes(config)).values())
        found = sum(n * saved_elements(config, shape) for shape, n in count.items())
        return found / count.total()
