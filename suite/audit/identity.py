"""What a record says it is, against the track as it comes with the suite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from seesaw.methods.core.method import MethodConfig
from seesaw.methods.registry import UnknownName
from seesaw.suite.audit.reference import Reference
from seesaw.suite.plan.budget import Budget
from seesaw.suite.plan.request import MethodRequest, RequestError, parse_method
from seesaw.suite.plan.solver import BudgetError
from seesaw.suite.plan.space import Space
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Spec
from seesaw.suite.records.tuning import LEARNING_RATE
from seesaw.tasks.catalogue import UnknownTrack, get_track
from seesaw.tasks.track import Track


def spec_problems(record: Record, reference: Reference) -> tuple[list[str], MethodConfig | None]:
    """What of a spec is not as track and method have it, and the config if it is as it should."""
    spec = record.spec
    budget = Budget(spec.budget, spec.budget_kind)
    problems = [*_track_problems(spec, reference), *_data_problems(spec, reference)]
    try:
        request = _request(spec)
        problems += _tuned_problems(spec, request, reference.track)
        config = reference.config(request.at(spec.tuned), budget)
    except BudgetError as error:
        return [*problems, _not_filled(spec, error)], None
    except (RequestError, UnknownName) as error:
        return [*problems, f"method or options: {error}"], None
    problems += _method_problems(record, config)
    expected = json.loads(json.dumps(config.describe()))
    wrong = list(differences(f"config for a budget of {spec.budget:,}", spec.config, expected))
    return problems + wrong, None if wrong else config


def refusal_problems(record: Record, reference: Reference) -> list[str]:
    """What is wrong with a record that says that its method does not fit its budget."""
    problems, config = spec_problems(record, reference)
    said = _not_filled(record.spec, record.error)
    if config is not None or said not in problems:
        return [*problems, f"error is {record.error!r}, which is not what the budget solver says"]
    return [problem for problem in problems if problem != said]


def _not_filled(spec: Spec, error: object) -> str:
    return f"budget is {spec.budget:,}: {error}"


def _request(spec: Spec) -> MethodRequest:
    """The request that the spec's method and options come from.

    Raises:
        RequestError: its options are not what that request would have.
        UnknownName: there is no such method, or no such option for a user to set.
    """
    options = ",".join(f"{name}={value}" for name, value in spec.options.items())
    request = parse_method(f"{spec.method}[{options}]")
    if request.options != spec.options:
        raise RequestError(f"options are {spec.options}, which is read as {request.options}")
    return request


def _track_problems(spec: Spec, reference: Reference) -> Iterator[str]:
    track = reference.track
    if spec.track not in reference.slugs:
        nearest = min(sorted(reference.slugs), key=len)
        yield f"track is {spec.track}; with these tasks it must be {nearest}"
    recipe = track.recipe.model_dump(mode="json")
    if spec.tuned is not None:
        recipe[LEARNING_RATE] = spec.tuned.values.get(LEARNING_RATE)
    if spec.is_trial and track.tuning is not None:
        recipe["steps"] = Space(track).steps
    yield from differences("recipe", spec.recipe, recipe)
    if spec.precision != track.recipe.precision:
        yield f"precision is {spec.precision}, the track's {track.recipe.precision}"
    if spec.weights_sha256 != reference.weights_sha256:
        yield f"weights_sha256 is {spec.weights_sha256}, of the track {reference.weights_sha256}"
    yield from _placement_problems(spec, track)


def _tuned_problems(spec: Spec, request: MethodRequest, track: Track) -> Iterator[str]:
    """Whether a tuned run, or a trial, is at a point of the track's search space."""
    if (own := spec.tuned) is None:
        return
    if track.tuning is None:
        yield f"tuned is said, and {track.slug} is not tuned"
        return
    space = Space(track)
    points = {point.number: point for point in (space.default(), *space.points(request))}
    point = points.get(own.number)
    told = own.model_copy(update={"trial": True, "edge": False})
    if told != point:
        yield f"tuned is {told.values}, trial {told.number}; the track's space has {point}"


def _placement_problems(spec: Spec, track: Track) -> Iterator[str]:
    """A track of ours says where updates stand; a record on another track file may say it too."""
    if spec.placement is None:
        return
    if track == _shipped(track.slug):
        yield f"placement is {spec.placement}; {track.slug} comes with its own"
        return
    known = track.backbone.model_dump(mode="json")
    expected = {name: known[name] for name in spec.placement if name in known}
    yield from differences("placement", spec.placement, expected)


def _shipped(slug: str) -> Track | None:
    try:
        return get_track(slug)
    except UnknownTrack:
        return None


def _data_problems(spec: Spec, reference: Reference) -> Iterator[str]:
    known = reference.workload.tasks if reference.workload else list(reference.track.tasks)
    listed = known if reference.workload else [name for name in known if name in spec.tasks]
    if known and spec.tasks != listed:
        yield f"tasks are {', '.join(spec.tasks)}; the track has {', '.join(known)}"
    if set(spec.data_sha256) != set(spec.tasks):
        yield f"data_sha256 is of {', '.join(spec.data_sha256)}, not of {', '.join(spec.tasks)}"
    if reference.family is not None:
        expected = {name: reference.family.sha256[name] for name in known}
        yield from differences("data_sha256", spec.data_sha256, expected)


def _method_problems(record: Record, config: MethodConfig) -> Iterator[str]:
    for field in ("routes_on", "told_task", "learning_rate_factor"):
        stored, own = getattr(record, field), getattr(config, field)
        if stored != own:
            yield f"{field} is {stored}, of {record.spec.method} {own}"


def differences(what: str, stored: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Every key whose value is another one, or that only one of the two has."""
    for name in sorted(stored.keys() | expected.keys()):
        if name not in expected:
            yield f"{what}: there is no {name}"
        elif name not in stored:
            yield f"{what}: {name} is missing"
        elif stored[name] != expected[name]:
            yield f"{what}: {name} is {stored[name]}, it must be {expected[name]}"
