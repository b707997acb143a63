"""lm-eval on finished runs: any of its tasks, and its own command line with our tuners in it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seesaw.methods.registry import UnknownName
from seesaw.suite.plan.request import RequestError
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store
from seesaw.suite.trained.restore import restored
from seesaw.tasks.families.language.family import InstructionFamily
from seesaw.tasks.families.language.lm_eval import harness_model, quiet

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager

TASKS = Path(__file__).parents[2] / "tasks" / "lm_eval"
"""Our own tasks as lm-eval describes them."""


def evaluate(
    record: Record,
    store: Store,
    workload: Workload,
    names: Sequence[str],
    as_task: str = "",
    limit: int | None = None,
    base: bool = False,
) -> dict[str, dict[str, Any]]:
    """Scores of a run on tasks of lm-eval, by task.

    Args:
        record: a run that ended `ok`.
        store: where its weights are.
        workload: the record's track.
        names: of tasks that lm-eval knows, ours among them.
        as_task: the track's task whose routing is used, for methods that are told the task.
        limit: examples of each.
        base: with the adapter switched off.

    Raises:
        RequestError: no language model, a method told the task without `as_task`, or a task's data
            cannot be had.
        UnknownName: lm-eval has no such task.
        StoreError: the store has no weights of this run.
    """
    from lm_eval import simple_evaluate

    family = workload.family
    if not isinstance(family, InstructionFamily):
        raise RequestError(f"{record.spec.track} has no language model to evaluate")
    if as_task and as_task not in workload.tasks:
        raise RequestError(
            f"unknown task {as_task!r} of {record.spec.track}; it has: {', '.join(workload.tasks)}"
        )
    if record.told_task and not as_task and not base:
        raise RequestError(
            f"{record.spec.method} is told the task: say whose routing to use, with --as-task, "
            f"one of: {', '.join(workload.tasks)}"
        )
    manager = _manager(others=False)
    if not set(names) <= set(manager.all_tasks):
        manager = _manager(others=True)
    for name in names:
        if name not in manager.all_tasks:
            raise UnknownName("task of lm-eval", name, manager.all_tasks)
    trained = restored(record, workload, store)
    backbone: Any = trained.backbone
    task = workload.tasks.index(as_task) if as_task else 0
    off = backbone.disable_adapter() if base and hasattr(backbone, "disable_adapter") else None
    told = task if trained.told_task else None
    model = harness_model(backbone, family.data.encoder, told)
    with quiet(), off or nullcontext():
        try:
            found = simple_evaluate(
                model=model,
                tasks=list(names),
                num_fewshot=0,
                limit=limit,
                task_manager=manager,
                bootstrap_iters=0,
                log_samples=False,
            )
        except OSError as error:
            raise RequestError(f"cannot evaluate on {', '.join(names)}: {error}") from None
    assert found is not None
    return dict(found["results"])


@cache  # reading all that lm-eval has takes many seconds
def _manager(others: bool) -> TaskManager:
    """Knows our tasks, and those that come with lm-eval if it is to know others."""
    from lm_eval.tasks import TaskManager

    return TaskManager(include_path=str(TASKS), include_defaults=others)


def lm_eval(arguments: Sequence[str]) -> None:
    """lm-eval's own command line, with PEFT knowing our methods and a model type `seesaw`.

    `--model seesaw` takes what `hf` takes, and `task=N` for methods that are told the task.
    """
    from lm_eval.__main__ import cli_evaluate
    from lm_eval.api.registry import register_model

    from seesaw.tasks.families.language.lm_eval_model import RoutedLM

    @register_model("seesaw")
    class SeesawLM(RoutedLM):
        """lm-eval's `hf` with the routing state around every call."""

        def __init__(self, pretrained: Any, task: int | None = None, **options: Any) -> None:
            own = None if task is None else int(task)
            super().__init__(pretrained, own, **options)

    sys.argv = ["lm_eval", *arguments]
    if "--include_path" not in arguments and "--tasks" in arguments:
        sys.argv += ["--include_path", str(TASKS)]
    cli_evaluate()
