"""Do the runs of a request that are not done yet, and say what came of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store

if TYPE_CHECKING:  # torch comes in only when something is run
    from seesaw.suite.plan.plan import Plan
    from seesaw.suite.run.train import Progress


@dataclass(frozen=True)
class Outcome:
    """A spec's newest record, whether it was made just now, and what became of its twin."""

    record: Record
    fresh: bool
    twin: str | None

    @classmethod
    def known(cls, record: Record, published: Store) -> Outcome:
        """Of a record that was there before."""
        return cls(record, False, compare(record, published))


def bench(
    plans: Sequence[Plan],
    runs: Store,
    published: Store,
    force: bool,
    started: Callable[[Plan], Callable[[Progress], None]],
    ended: Callable[[Outcome], None],
) -> list[Outcome]:
    """Run every plan without an `ok` record in `runs` (all of them with `force`), in order.

    Every run is stored before the next begins, so whatever ends this call loses at most one run.

    Args:
        plans: what is asked for.
        runs: where this machine writes.
        published: where twins are looked for.
        force: run again what ended `ok`.
        started: told the plan, gives the function told of its training progress.
        ended: told of every plan's outcome.
    """
    from seesaw.suite.run.execute import execute

    outcomes = []
    for plan in plans:
        done = None if force else runs.finished(plan.spec)
        if done is not None:
            outcome = Outcome.known(done, published)
        else:
            result = execute(plan, runs.next_attempt(plan.spec), started(plan))
            record = runs.add(result.record, result.files)
            outcome = Outcome(record, True, compare(record, published))
        ended(outcome)
        outcomes.append(outcome)
    return outcomes


def compare(record: Record, published: Store) -> str | None:
    """Whether `record` reproduces its published twin, in words; None if there is no twin."""
    twin = published.finished(record.spec)
    if twin is None or record.status != "ok":
        return None
    shown, known = record.scores(), twin.scores()
    differences = [abs(shown[task] - value) for task, value in known.items()]
    if not any(differences) and record.outcomes_sha256 == twin.outcomes_sha256:
        return "reproduced the published record bit for bit"
    same = twin.provenance.machine == record.provenance.machine
    where = "on the same kind of machine" if same else f"made on {twin.provenance.machine}"
    return f"differs from the published record ({where}) by up to {max(differences):.2f}"
