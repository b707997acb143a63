"""Which methods there are: ours, one file each, and those other packages bring.

An outside package registers a method by an entry point in the group `seesaw.methods` that names a
module with a `@register` in it.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import warnings
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import TypeVar

from seesaw.methods.core.config import GatedConfig
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.core.settings import undeclared
from seesaw.methods.core.tuner import register_tuner

M = TypeVar("M", bound=type[MethodConfig])
_METHODS: dict[str, type[MethodConfig]] = {}
_BROKEN: dict[str, str] = {}


class UnknownName(ValueError):
    """A name nobody registered; the message holds the closest ones."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
        hint = f"did you mean: {', '.join(close)}?" if known else "there is none to set"
        super().__init__(f"unknown {kind} {name!r}; {hint}")


class BrokenPlugin(ValueError):
    """A method whose package cannot be loaded; the message says why."""


def register(method: M) -> M:
    """Decorator of a method's config: make the method known to the suite and its config to PEFT.

    Raises:
        ValueError: two methods of one name, or a field nobody said of whether records keep it.
    """
    if unsaid := undeclared(method):
        raise ValueError(
            f"{method.name}: declare {', '.join(unsaid)} by `setting`, which says whether users "
            "set it and records keep it"
        )
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
        try:
            entry.load()
        except Exception as error:  # whatever other people's code raises
            reason = f"the package that brings the method {entry.name!r} cannot be loaded: {error}"
            _BROKEN[entry.name] = reason
            warnings.warn(reason, stacklevel=2)


def method_names() -> list[str]:
    """Names of all registered methods, sorted."""
    _load_all()
    return sorted(_METHODS)


def get_method(name: str) -> type[MethodConfig]:
    """The method called `name`.

    Raises:
        UnknownName: nobody registered it.
        BrokenPlugin: the package that would register it cannot be loaded.
    """
    _load_all()
    if name in _BROKEN:
        raise BrokenPlugin(_BROKEN[name])
    if name not in _METHODS:
        raise UnknownName("method", name, _METHODS)
    return _METHODS[name]
