"""The runs of a calibration: LoRA, one routed method, and LoRA where it must come out worse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.request import MethodRequest, RequestError
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.calibration import HEADS, LORA, Condition
from seesaw.tasks.track import CONFLICT, Track

SHARE = 8
"""Of the budget, the part that LoRA gets where it has little."""
SHORTER = 10
"""How many times fewer steps LoRA takes where it has few."""
Plan = Mapping[Condition, Sequence[Job | Refused]]


def plan(
    workload: Workload, routed: MethodRequest, seeds: Sequence[int], few: Sequence[int]
) -> Plan:
    """Every run of a calibration, in the order in which they are done.

    Args:
        workload: the track; all runs but those with a changed recipe or changed data are on it.
        routed: what LoRA is compared with.
        seeds: of LoRA, whether with the whole budget or little of it, and of `routed`.
        few: of everything else.

    Raises:
        RequestError: `routed` routes nothing.
    """
    if routed.config_class.routes_on == "none":
        raise RequestError(
            f"method is {routed.label}, which routes nothing; name one that does, such as smora"
        )
    budget = workload.track.budgets.default
    lora, heads = MethodRequest(LORA, {}), MethodRequest(HEADS, {})
    asked: dict[Condition, tuple[Workload, MethodRequest, int, Sequence[int]]] = {
        "lora": (workload, lora, budget, seeds),
        "routed": (workload, routed, budget, seeds),
        "heads": (workload, heads, budget, few),
        "tenth": (_with_fewer_steps(workload), lora, budget, few),
        # the smallest of these differences, and of all the hardest to see
        "eighth": (workload, lora, budget // SHARE, seeds),
    }
    if CONFLICT in workload.track.options:
        asked["conflict0"] = (_on(workload, workload.track.turned(0)), lora, budget, few)
        asked["conflict1"] = (_on(workload, workload.track.turned(1)), lora, budget, few)
    return {
        condition: make_jobs(own, [request], Budget(target), chosen)
        for condition, (own, request, target, chosen) in asked.items()
    }


def _with_fewer_steps(workload: Workload) -> Workload:
    recipe = workload.track.recipe
    steps = max(1, round(recipe.steps / SHORTER))
    shorter = recipe.model_copy(update={"steps": steps})
    return _on(workload, workload.track.model_copy(update={"recipe": shorter}))


def _on(workload: Workload, track: Track) -> Workload:
    """The workload of a track that differs in some fields."""
    folder = None if workload.data is None else Path(workload.data)
    return Workload(track, folder, workload.served, workload.tasks)
