"""What the fields of a method's config are to the suite, said where the field stands."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any, Literal

_KEY = "seesaw"


@dataclass(frozen=True)
class Setting:
    """Who handles a field: users set it, records keep it, the budget solver sizes it.

    `tuned` is the range that it is searched in beside the learning rate, evenly in its logarithm.
    A `later` field came when there were records without it, and keeps out of those that it changes
    nothing for, so that one spec has one id for ever.
    """

    user: bool
    recorded: bool
    sized: bool
    recorded_as: str | None
    tuned: tuple[float, float] | None = None
    later: bool = False


def setting(
    default: Any,
    *,
    user: bool = True,
    recorded: bool = True,
    sized: bool = False,
    recorded_as: str | None = None,
    tuned: tuple[float, float] | None = None,
    later: bool = False,
    help: str = "",
) -> Any:
    """A dataclass field, with what the suite does with it.

    A subclass that declares the field again with a bare default changes the default alone.

    Args:
        default: the default value; of a dict every config gets a copy.
        user: whether a user of the suite may set it; a track fixes the others.
        recorded: whether it says what is trained, so that records keep it.
        sized: whether the budget solver chooses it.
        recorded_as: its word in records, where that is not its name.
        tuned: lowest and highest value that is tried where a track tunes its entries.
        later: whether records leave it out at its default, since there were some before it.
        help: one line for whoever reads the config.
    """
    about = {_KEY: Setting(user, recorded, sized, recorded_as, tuned, later), "help": help}
    if isinstance(default, dict):
        return field(default_factory=partial(dict, default), metadata=about)
    return field(default=default, metadata=about)


@cache
def settings_of(config_class: type) -> Mapping[str, Setting]:
    """The declared fields of a config class by name, in the order of the fields."""
    found = {}
    for name in config_class.__dataclass_fields__:  # type: ignore[attr-defined]
        for base in config_class.__mro__:
            declared = vars(base).get("__dataclass_fields__", {}).get(name)
            if declared is not None and _KEY in declared.metadata:
                found[name] = declared.metadata[_KEY]
                break
    return found


def undeclared(config_class: type) -> list[str]:
    """Fields that a config class adds itself without saying by `setting` what they are."""
    own = vars(config_class).get("__annotations__", {})
    fields = dataclasses.fields(config_class)
    return [f.name for f in fields if f.name in own and f.name not in settings_of(config_class)]


@cache
def _choices(config_class: type) -> Mapping[str, tuple[Any, ...]]:
    hints = typing.get_type_hints(config_class)
    return {
        name: typing.get_args(hints[name])
        for name in settings_of(config_class)
        if typing.get_origin(hints[name]) is Literal
    }


def check_choices(config: Any) -> None:
    """Hold every field that is annotated `Literal` against its choices.

    Raises:
        ValueError: a value is none of them.
    """
    config_class: type = config.__class__
    for name, choices in _choices(config_class).items():
        value = getattr(config, name)
        if value not in choices:
            *others, last = map(repr, choices)
            wanted = f"{', '.join(others)} or {last}" if others else last
            raise ValueError(f"{name} is {value!r}; it must be {wanted}")
