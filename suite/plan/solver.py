"""The budget solver: what each method gets for one number of trainable parameters."""

from __future__ import annotations

from collections.abc import Iterator

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Place, Shapes
from seesaw.suite.plan.budget import Count
from seesaw.suite.records.spec import BudgetKind

BELOW, ABOVE = 0.02, 0.0025
"""How far under and over its budget an entry may be."""
MOST = 16
"""Times the weights of the adapted linears that a budget may be: over that nothing is low rank."""
MOST_TOTAL = 8
"""Times a budget of active parameters that an adapter may have in all."""


class BudgetError(ValueError):
    """A budget a method cannot fill; the message names its nearest sizes."""


def solve(
    config: MethodConfig, shapes: Shapes, n_tasks: int, target: int, kind: BudgetKind = "total"
) -> MethodConfig:
    """`config` at the largest size within `target` trainable adapter parameters.

    Climbs the method's first ladder to the last rung that fits, then raises single places by the
    method's smallest step, the costliest first and spread over depth, while they fit. Where that is
    not close enough to the target, the next ladder is tried.

    Args:
        shapes: adapted places with their (d_in, d_out).
        kind: whether all parameters count, or those that one token uses.

    Raises:
        BudgetError: no size is within -2 % and +0.25 % of the target, a fixed one is over it, the
            target is beyond anything of low rank, or of what is active beyond an eighth of it all.
    """
    held, count = sum(d_in * d_out for d_in, d_out in shapes.values()), Count(shapes, n_tasks, kind)
    if target > MOST * held:
        raise BudgetError(
            f"a budget of {target:,} parameters is over {MOST} times the {held:,} weights of the "
            f"{len(shapes)} adapted places; the most is {MOST * held:,}"
        )
    share = config.budget_share(n_tasks)
    if kind == "active" and share > 1:
        raise BudgetError(
            f"{config.name} has {share} budgets, of which one token uses one: with a budget of "
            "active parameters it is what shares one budget out"
        )
    target *= share
    found = _fixed(config, count, target) if config.fixed_size else _sized(config, count, target)
    total = found.parameters(shapes, n_tasks).total
    if kind == "active" and config.under_budget and total > MOST_TOTAL * target:
        raise BudgetError(
            f"{config.name} has {total:,} parameters where one token uses {target:,}: more than "
            f"{MOST_TOTAL} times as many"
        )
    return found


def _fixed(config: MethodConfig, count: Count, target: int) -> MethodConfig:
    if not config.under_budget or count.of(config) <= (1 + ABOVE) * target:
        return config
    raise BudgetError(f"{config.name} has {_size(config, count)}: over the budget of {target:,}")


def _sized(config: MethodConfig, count: Count, target: int) -> MethodConfig:
    near: list[MethodConfig] = []
    for ladder in config.ladders():
        fits, too_large = _climb(ladder, count, target)
        if fits is not None:
            fits = _fill(fits, count, target)
            if count.of(fits) >= (1 - BELOW) * target:
                return fits
        elif count.of(too_large) <= (1 + ABOVE) * target:
            return too_large
        if fits is not None:
            near = [fits, too_large]
        elif len(near) < 2:
            near = [too_large]
    sizes = " and ".join(_size(one, count) for one in near)
    raise BudgetError(
        f"{config.name} cannot fill a budget of {target:,} {_said(count)} on {len(count.shapes)} "
        f"places; its nearest sizes are {sizes}"
    )


def _climb(
    ladder: Iterator[MethodConfig], count: Count, target: int
) -> tuple[MethodConfig | None, MethodConfig]:
    """The last rung within the target, if there is one, and the first above it."""
    fits = None
    for rung in ladder:
        if count.of(rung) > target:
            return fits, rung
        fits = rung
    raise AssertionError("ladders have no end")


def _said(count: Count) -> str:
    return "parameters" if count.kind == "total" else "active parameters"


def _size(config: MethodConfig, count: Count) -> str:
    return f"{count.of(config):,} (r = {config.r})"


def _fill(config: MethodConfig, count: Count, target: int) -> MethodConfig:
    ranks: dict[Place, int] = {}
    room = target - count.of(config)
    for place in _costliest_first(config, count):
        raised = config.with_ranks({place: config.r + config.rank_step()})
        cost = count.at(place, raised) - count.at(place, config)
        if 0 < cost <= room:
            ranks[place] = config.r + config.rank_step()
            room -= cost
    return config.with_ranks(ranks) if ranks else config


def _costliest_first(config: MethodConfig, count: Count) -> Iterator[Place]:
    costs: dict[int, list[Place]] = {}
    for place in config.own_places(count.shapes):
        costs.setdefault(count.at(place, config), []).append(place)
    for cost in sorted(costs, reverse=True):
        yield from (costs[cost][i] for i in spread(len(costs[cost])))


def spread(n: int) -> list[int]:
    """0 ... n - 1 so that every prefix is spread out: middle first, then the halves' middles."""
    queue, order = [(0, n)], []
    while queue:
        low, high = queue.pop(0)
        if low < high:
            middle = (low + high) // 2
            order.append(middle)
            queue += [(low, middle), (middle + 1, high)]
    return order
