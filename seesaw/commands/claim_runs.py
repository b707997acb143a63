"""The runs that claims lack: whether they mean something, what they cost, and doing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import timm

from seesaw import console
from seesaw.commands.arguments import workloads
from seesaw.commands.tune import tuned as tune_all
from seesaw.methods.registry import UnknownName
from seesaw.reports.claims.cell import Cell, Facts
from seesaw.reports.claims.decide import Decided
from seesaw.reports.claims.form import Counted, Part
from seesaw.reports.claims.found import Missing
from seesaw.reports.claims.read import ClaimError, Claims
from seesaw.suite.costs.backbones import model_config
from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.plan import make_jobs
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.request import RequestError, parse_method
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.store import Store
from seesaw.suite.run.bench import Launcher, Watcher, bench
from seesaw.suite.run.dry_run import estimate
from seesaw.suite.tune.trials import trials, tuned_jobs
from seesaw.tasks.task import DataError, WeightsError

NO_DATA = "needs a folder: --data"


@dataclass
class Wanted:
    """Missing runs of one cell: the jobs, what they cost, and why they cannot be done here.

    Of tuned runs, `jobs` are the trials; what is run at the best of them is known afterwards.
    """

    missing: Missing
    workload: Workload | None
    jobs: Sequence[Job | Refused]
    seconds: float = 0.0
    reason: str = ""

    @property
    def cost(self) -> console.Cost:
        """What is shown of it."""
        return console.Cost(self.seconds, self.reason)


def check(claims: Claims) -> None:
    """Hold the entries of all claims against the methods that there are.

    Raises:
        ClaimError: one names an unknown method or option, or an option's value in another way than
            records do.
    """
    for claim in claims.rows:
        for number, part in enumerate(claim.parts, 1):
            where = f"{claims.file}: claim {claim.id}, part {number}"
            for entry in part.entries:
                _check_entry(where, Cell("", (), 0, entry.partition(" @ ")[0]))
            if isinstance(part, Counted) and part.count == "step":
                _check_backbones(where, part)


def _check_entry(where: str, cell: Cell) -> None:
    try:
        request = parse_method(cell.asked)
        request.config()
    except (UnknownName, RequestError) as error:
        raise ClaimError(f"{where}: {error}") from None
    if request.label != cell.label:
        raise ClaimError(f"{where}: {cell.asked} must be written as records do: {request.label}")


def _check_backbones(where: str, part: Part) -> None:
    """Step times lie under the name of a backbone with its rank, as `seesaw speed` writes them."""
    for place in part.tracks:
        name = place.rpartition("-r")[0]
        if model_config(name) is None and not timm.is_model(name):
            raise ClaimError(f"{where}: unknown backbone and rank {place!r}, as minilm-l6-r64")


def plan(
    decided: Iterable[Decided], facts: Mapping[str, Facts], data: str, weights: str, runs: Store
) -> dict[Missing, Wanted]:
    """Every missing run once, in the order of the claims, with its cost.

    Args:
        decided: the claims that are asked for.
        facts: of the tracks that they name.
        data: a folder for tracks that take one; without it their runs cannot be done.
        weights: serves their backbones.
        runs: what is done there already costs nothing.
    """
    places: dict[tuple[str, tuple[str, ...]], Workload | str] = {}
    found: dict[Missing, Wanted] = {}
    for one in dict.fromkeys(m for own in decided for m in own.missing):
        cell = one.cell
        key = (cell.track, cell.tasks)
        if key not in places:
            places[key] = _opened(cell, facts[cell.track], data, weights)
        place = places[key]
        if isinstance(place, str):
            found[one] = Wanted(one, None, [], reason=place)
        else:
            found[one] = _wanted(one, place)
    _add_costs([own for own in found.values() if not own.reason], runs)
    return found


def _opened(cell: Cell, facts: Facts, data: str, weights: str) -> Workload | str:
    if facts.takes_data and not data:
        return NO_DATA
    try:
        (own,) = workloads(cell.track, data, weights, ",".join(cell.tasks))
    except (DataError, WeightsError) as error:
        return str(error)
    opened: Workload = own
    return opened


def _wanted(one: Missing, place: Workload) -> Wanted:
    request, budget = parse_method(one.cell.asked), Budget(one.cell.budget)
    if one.tuned:
        try:
            return Wanted(one, place, trials(place, [request], budget).jobs)
        except RequestError as error:
            return Wanted(one, None, [], reason=str(error))
    return Wanted(one, place, make_jobs(place, [request], budget, one.seeds))


def _add_costs(wanted: Sequence[Wanted], runs: Store) -> None:
    """Trials are timed apart from runs: they take other steps of the same track."""
    for tuned in (False, True):
        own = [one for one in wanted if one.missing.tuned == tuned]
        jobs = [job for one in own for job in one.jobs]
        times = iter([found.seconds for found in estimate(jobs, runs)])
        for one in own:
            seconds = [next(times) for _ in one.jobs]
            refused = [job.reason for job in one.jobs if isinstance(job, Refused)]
            one.reason = refused[0].strip().splitlines()[-1] if refused else ""
            one.seconds = sum(seconds) + (_after_trials(one, seconds) if tuned else 0.0)


def _after_trials(one: Wanted, seconds: Sequence[float]) -> float:
    """About what tuned runs take: trials are a share of them."""
    assert one.workload is not None
    tuning = one.workload.track.tuning
    assert tuning is not None  # there are trials
    return len(one.missing.seeds) * max(seconds, default=0.0) / tuning.share


def do(
    planned: Mapping[Missing, Wanted],
    room: float,
    runs: Store,
    published: Store,
    launch: Launcher,
) -> None:
    """Do what can be done, in the order of the claims, as long as it fits into `room` seconds."""
    chosen, left = [], 0
    for one in planned.values():
        if one.reason or one.seconds > room:
            left += 1
            continue
        room -= one.seconds
        chosen.append(one)
    jobs = [job for one in chosen if not one.missing.tuned for job in one.jobs]
    for one in chosen:
        if one.missing.tuned and one.workload is not None:
            jobs += _tuned(one, one.workload, runs, published, launch)
    with console.BenchProgress(len(jobs)) as progress:
        watcher = Watcher(progress.started, progress.ended)
        bench(jobs, runs, published, False, watcher, launch)
    console.line(
        f"{len(jobs)} runs are in {runs.address}; `seesaw publish` and the same command again put "
        f"them on the page. {left} entries are left, which had no room or cannot be run."
    )


def _tuned(
    one: Wanted, place: Workload, runs: Store, published: Store, launch: Launcher
) -> list[Job | Refused]:
    cell = one.missing.cell
    request, budget = parse_method(cell.asked), Budget(cell.budget)
    best = tune_all([place], [request], budget, runs, published, launch)
    return tuned_jobs(place, best[place], budget, one.missing.seeds)
