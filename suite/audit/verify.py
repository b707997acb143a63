"""Check a record against its own evidence, its track and its data: nothing is taken on trust."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import pandas as pd

from seesaw.suite.audit.cache import Verdict
from seesaw.suite.audit.identity import refusal_problems, spec_problems
from seesaw.suite.audit.numbers import same
from seesaw.suite.audit.reference import Reference, References
from seesaw.suite.audit.results import count_problems, result_problems
from seesaw.suite.audit.statement import statement_problems
from seesaw.suite.records.names import printable
from seesaw.suite.records.record import Record
from seesaw.tasks.catalogue import TrackError, UnknownTrack
from seesaw.tasks.families.family import family_class
from seesaw.tasks.task import DataError, WeightsError


def verify(record: Record, content: bytes, references: References) -> Verdict:
    """What is wrong with a record that ended `ok`, diverged or was refused.

    The last two say no more than what they are, and the budget solver why it refused.

    Everything that tables print is computed anew: scores from the outcomes file, rows and labels
    from the data, baselines, the config from the budget solver, and the parameters by building the
    method on the meta device.

    Args:
        record: as read from its store.
        content: its outcomes file.
        references: of the tracks, opened once for all records of a call.
    """
    try:
        reference = references.of(record)
    except (UnknownTrack, TrackError, DataError) as error:
        return Verdict([printable(error)])
    except WeightsError as error:  # another time they may be there
        return Verdict([printable(error)], lasting=False)
    if record.status == "refused":
        return Verdict([printable(problem) for problem in refusal_problems(record, reference)])
    problems, config = spec_problems(record, reference)
    notes = [reference.note] if reference.note else []
    if record.status == "diverged":
        return Verdict([printable(problem) for problem in problems], notes)
    problems += statement_problems(record, reference.track)
    if config is not None:
        problems += count_problems(record, reference, config)
    problems += result_problems(record, reference)
    fingerprint = None
    try:
        outcomes = read_outcomes(content)
    except OutcomesError as error:
        problems.append(str(error))
    else:
        problems += _outcome_problems(record, reference, outcomes)
        fingerprint = hashlib.sha256(outcomes.to_json(orient="split").encode()).hexdigest()
    return Verdict([printable(problem) for problem in problems], notes, fingerprint)


class OutcomesError(ValueError):
    """An outcomes file that cannot be read; the message says why."""


def read_outcomes(content: bytes) -> pd.DataFrame:
    """The rows of an outcomes file in one order.

    Raises:
        OutcomesError: it is no Parquet file, or not one that can be ordered.
    """
    try:
        found = pd.read_parquet(io.BytesIO(content))
        keys = [name for name in ("split", "task", "output", "family", "row") if name in found]
        return found.sort_values(keys, ignore_index=True, kind="stable")
    except Exception as error:  # a file of others may be wrong in any way
        raise OutcomesError(f"outcomes are no Parquet file of ours: {_brief(error)}") from None


def _outcome_problems(record: Record, reference: Reference, outcomes: pd.DataFrame) -> list[str]:
    try:
        family = reference.family
        splits = record.spec.splits
        if family is not None and (wrong := family.scoring.problems(outcomes, splits)):
            return wrong
    except Exception as error:  # as above
        return [f"outcomes do not fit the data: {_brief(error)}"]
    problems: list[str] = []
    for name in record.tasks:
        try:
            problems += _score_problems(record, reference, outcomes, name)
        except Exception as error:  # as above
            problems.append(f"{name}: its outcomes cannot be scored: {_brief(error)}")
    return problems


def _score_problems(
    record: Record, reference: Reference, outcomes: pd.DataFrame, name: str
) -> Iterator[str]:
    result = record.tasks[name]
    splits, metrics = record.spec.splits, list(result.dev)
    scores = family_class(reference.track).scorer.scores(outcomes, name, metrics, splits)
    for split in splits:
        for metric, stored in getattr(result, split).items():
            found = scores[split].get(metric, float("nan"))
            if not same(stored, found):
                yield f"{name} {split} {metric}: stored {stored}, recomputed {found}"


def _brief(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
