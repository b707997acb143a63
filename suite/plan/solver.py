"""The budget solver: what each method gets for one number of trainable parameters."""

from __future__ import annotations

from collections.abc import Iterator

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.placement import Shapes

BELOW, ABOVE = 0.02, 0.0025
"""How far under and over its budget an entry may be."""


class BudgetError(ValueError):
    """A budget a method cannot fill; the message names its nearest sizes."""


def solve(config: MethodConfig, shapes: Shapes, n_tasks: int, target: int) -> MethodConfig:
    """`config` at the largest size within `target` trainable adapter parameters.

    Climbs the method's first ladder to the last rung that fits, then raises single places by the
    method's smallest step, the costliest first and spread over depth, while they fit. Where that is
    not close enough to the target, the next ladder is tried.

    Args:
        shapes: adapted places, (d_in, d_out) by module name.

    Raises:
        BudgetError: no size is within -2 % and +0.25 % of the target, or a fixed one is over it.
    """
    target *= config.budget_share(n_tasks)
    if config.fixed_size:
        if config.parameters(shapes, n_tasks).total <= (1 + ABOVE) * target:
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
    ranks: dict[str, int] = {}
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


def _costliest_first(config: MethodConfig, shapes: Shapes, n_tasks: int) -> Iterator[str]:
    costs: dict[int, list[str]] = {}
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
