"""Which methods there are: ours, one file each, and those other packages bring.

An outside package registers a method by an entry point in the group `seesaw.methods` that names a
module with a `@register` in it.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

from seesaw.methods.core.gated import GatedConfig
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.tuner import register_tuner

M = TypeVar("M", bound=type[MethodConfig])
_METHODS: dict[str, type[MethodConfig]] = {}


class UnknownName(ValueError):
    """A name nobody registered; the message holds the closest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
        hint = f"did you mean: {', '.join(close)}?" if known else "there is none to set"
        super().__init__(f"unknown {kind} {name!r}; {hint}")


def register(method: M) -> M:
    """Decorator of a method's config: make the method known to the suite and its config to PEFT.

    Raises:
        ValueError: two methods of one name.
    """
    if _METHODS.setdefault(method.name, method) is not method:
        raise ValueError(f"two methods are called {method.name!r}")
    if issubclass(method, GatedConfig):
        register_tuner(method)
    return method


@cache
def _load_all() -> None:
    package = importlib.import_module("seesaw.methods")

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"seesaw.methods.{module.name}")
    for entry in entry_points(group="seesaw.methods"):
        entry.load()


def method_names() -> list[str]:
    """Names of all registered methods, sorted."""
    _load_all()
    return sorted(_METHODS)


def get_method(name: str) -> type[MethodConfig]:
    """The method called `name`.

    Raises:
        UnknownName: nobody registered it.
    """
    _load_all()
    if name not in _METHODS:
        raise UnknownName("method", name, _METHODS)
    return _METHODS[name]
