"""From a request (methods, track, budget, seeds) to the jobs it means, without training."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.job import Job
from seesaw.suite.plan.refused import Refused
from seesaw.suite.plan.request import MethodRequest, RequestError
from seesaw.suite.plan.solver import BudgetError
from seesaw.suite.plan.workload import Workload
from seesaw.suite.records.spec import Tuned


def make_jobs(
    workload: Workload,
    methods: Sequence[MethodRequest],
    budget: Budget,
    seeds: Sequence[int],
    tuned: Tuned | None = None,
) -> list[Job | Refused]:
    """Every run of the request on one track, methods outermost.

    Where it is `tuned`, the workload has the recipe already, and options are set as that says.

    Raises:
        RequestError: a method refuses an option, or has no place on the track.
    """
    jobs: list[Job | Refused] = []
    for request in methods:
        try:
            config = workload.config(request.at(tuned), budget).describe()
            specs = [workload.spec(request, config, budget, seed, tuned) for seed in seeds]
        except RequestError:  # what is asked for means nothing; said before anything is run
            raise
        except BudgetError as error:
            jobs += _does_not_fit(workload, request, budget, seeds, str(error))
        except Exception:  # a method's own code may raise anything
            jobs += _refused(workload, request, seeds, traceback.format_exc())
        else:
            jobs += [Job.of(workload, spec) for spec in specs]
    return jobs


def _does_not_fit(
    workload: Workload, request: MethodRequest, budget: Budget, seeds: Sequence[int], reason: str
) -> list[Refused]:
    method = request.config_class
    says = {
        "routes_on": method.routes_on,
        "told_task": method.told_task,
        "learning_rate_factor": method.learning_rate_factor,
    }
    specs = [workload.spec(request, {}, budget, seed) for seed in seeds]
    named = (workload.slug, request.label)
    return [Refused(*named, spec.seed, reason, spec, says) for spec in specs]


def _refused(
    workload: Workload, request: MethodRequest, seeds: Sequence[int], reason: str
) -> list[Refused]:
    return [Refused(workload.slug, request.label, seed, reason) for seed in seeds]
