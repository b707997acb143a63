"""The budget solver: what each method gets for one number of trainable parameters."""

from __future__ import annotations

from collections.abc import Iterator

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Place, Shapes

BELOW, ABOVE = 0.02, 0.0025
"""How far under and over its budget an entry may be."""
MOST = 16
"""Times the weights of the adapted linears that a budget may be: over that nothing is low rank."""


class BudgetError(ValueError):
    """A budget a method cannot fill; the message names its nearest sizes."""


def solve(config: MethodConfig, shapes: Shapes, n_tasks: int, target: int) -> MethodConfig:
    """`config` at the largest size within `target` trainable adapter parameters.

    Climbs the method's first ladder to the last rung that fits, then raises single places by the
    method's smallest step, the costliest first and spread over depth, while they fit. Where that is
    not close enough to the target, the next ladder is tried.

    Args:
        shapes: adapted places with their (d_in, d_out).

    Raises:
        BudgetError: no size is within -2 % and +0.25 % of the target, a fixed one is over it, or
            the target is beyond anything of low rank.
    """
    held = sum(d_in * d_out for d_in, d_out in shapes.values())
    if target > MOST * held:
        raise BudgetError(
            f"a budget of {target:,} parameters is over {MOST} times the {held:,} weights of the "
            f"{len(shapes)} adapted places; the most is {MOST * held:,}"
        )
    target *= config.budget_share(n_tasks)
    if config.fixed_size:
        total = config.parameters(shapes, n_tasks).total
        if not config.under_budget or total <= (1 + ABOVE) * target:
            return config
        raise BudgetError(
            f"{config.name} has {_total(config, shapes, n_tasks)}: over the budget of {target:,}"
        )
    near: list[MethodConfig] = []
    for ladder in config.ladders():
        fits, too_large = _climb(ladder, shapes, n_tasks, target)
        if fits is not None:
            fits = _fill(fits, shapes, n_tasks, target)
            if fits.parameters(shapes, n_tasks).total >= (1 - BELOW) * target:
                return fits
        elif too_large.parameters(shapes, n_tasks).total <= (1 + ABOVE) * target:
            return too_large
        if fits is not None:
            near = [fits, too_large]
        elif len(near) < 2:
            near = [too_large]
    sizes = " and ".join(_total(c, shapes, n_tasks) for c in near)
    raise BudgetError(
        f"{config.name} cannot fill a budget of {target:,} parameters on {len(shapes)} places; "
        f"its nearest sizes are {sizes}"
    )


def _climb(
    ladder: Iterator[MethodConfig], shapes: Shapes, n_tasks: int, target: int
) -> tuple[MethodConfig | None, MethodConfig]:
    """The last rung within the target, if there is one, and the first above it."""
    fits = None
    for rung in ladder:
        if rung.parameters(shapes, n_tasks).total > target:
            return fits, rung
        fits = rung
    raise AssertionError("ladders have no end")


def _total(config: MethodConfig, shapes: Shapes, n_tasks: int) -> str:
    return f"{config.parameters(shapes, n_tasks).total:,} (r = {config.r})"


def _fill(config: MethodConfig, shapes: Shapes, n_tasks: int, target: int) -> MethodConfig:
    ranks: dict[Place, int] = {}
    room = target - config.parameters(shapes, n_tasks).total
    for place in _costliest_first(config, config.own_places(shapes), n_tasks):
        raised = config.with_ranks({place: config.r + config.rank_step()})
        cost = (
            raised.place_parameters(place, shapes[place], n_tasks).total
            - config.place_parameters(place, shapes[place], n_tasks).total
        )
        if cost <= room:
            ranks[place] = config.r + config.rank_step()
            room -= cost
    return config.with_ranks(ranks) if ranks else config


def _costliest_first(config: MethodConfig, shapes: Shapes, n_tasks: int) -> Iterator[Place]:
    costs: dict[int, list[Place]] = {}
    for place, shape in shapes.items():
        cost = config.place_parameters(place, shape, n_tasks).total
        costs.setdefault(cost, []).append(place)
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
