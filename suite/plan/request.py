"""What a user asks for: methods with options, read out of text."""

from __future__ import annotations

import importlib
import re
import typing
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from seesaw.methods import get_method, method_names
from seesaw.methods.core.method import MethodConfig
from seesaw.methods.registry import UnknownName
from seesaw.suite.records.spec import Tuned, variant
from seesaw.suite.records.tuning import LEARNING_RATE

REQUEST = re.compile(r"(?P<name>[\w-]+)(\[(?P<options>[^\]]*)\])?")


class RequestError(ValueError):
    """A request that means nothing; the message names the field and what would be right."""


@dataclass(frozen=True)
class MethodRequest:
    """A method and the options set by the user: `smora` or `smora[active=4,score=softmax]`."""

    name: str
    options: dict[str, Any]

    def __hash__(self) -> int:
        return hash(self.label)

    @property
    def label(self) -> str:
        """As in records: `smora` or `smora[active=4]`."""
        return variant(self.name, self.options)

    @property
    def config_class(self) -> type[MethodConfig]:
        """The method's config class."""
        return get_method(self.name)

    def at(self, tuned: Tuned | None) -> MethodRequest:
        """The same with the options that were tuned; what the user set goes first."""
        values = {} if tuned is None else tuned.values
        options = {name: value for name, value in values.items() if name != LEARNING_RATE}
        return MethodRequest(self.name, options | self.options)

    def config(self) -> MethodConfig:
        """The method's defaults with the user's options.

        Raises:
            RequestError: the method refuses a value.
        """
        try:
            return self.config_class(**self.options)
        except ValueError as error:
            raise RequestError(f"{self.name}: {error}") from None


def find_method(name: str) -> type[MethodConfig]:
    """A registered method, or the one that the module `name` registers.

    Raises:
        UnknownName: `name` is neither.
    """
    if "." in name:
        before = set(method_names())
        importlib.import_module(name)
        new = sorted(set(method_names()) - before) or [
            known for known in before if get_method(known).__module__ == name
        ]
        if new:
            return get_method(new[0])
    return get_method(name)


def parse_method(text: str, sized: bool = False) -> MethodRequest:
    """Read `name` or `name[field=value,...]`.

    Args:
        text: the request.
        sized: whether it may also set what the budget solver chooses.

    Raises:
        RequestError: not of that form, or a value of the wrong type.
        UnknownName: unknown method or field.
    """
    match = REQUEST.fullmatch(text.strip())
    if match is None:
        raise RequestError(f"method {text!r} is not of the form name or name[field=value,...]")
    config_class = get_method(match["name"])
    known = {*config_class.user_settings(), *(config_class.sized_settings() if sized else ())}
    hints = typing.get_type_hints(config_class)
    options = {}
    for item in filter(None, (match["options"] or "").split(",")):
        field, _, value = (part.strip() for part in item.partition("="))
        if field not in known:
            raise UnknownName(f"field of {match['name']}", field, known)
        try:
            options[field] = TypeAdapter(hints[field]).validate_python(value)
        except ValidationError as error:
            message = error.errors()[0]["msg"]
            raise RequestError(f"{match['name']}: {field} is {value!r}: {message}") from None
    return MethodRequest(match["name"], options)
