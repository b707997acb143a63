"""Whether a run trained what its method says, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from seesaw.methods.core.parameters import Parameters
from seesaw.suite.costs.active import KINDS, active_parameters
from seesaw.suite.costs.parameters import declared_state

HEADS = "heads."
"""What the suite puts on a backbone: buffers in there, as of a batch norm, are no method's."""
NAMED = 3
"""Tensors that an error names before it only counts."""


class Dishonest(RuntimeError):
    """A method trained or used what it does not say; the message names the tensor or the field."""


@dataclass(frozen=True)
class Frozen:
    """What must not change in a run: names of what is trained, and a hash of every other tensor.

    Buffers that a module declares as state may change, and so may those of heads.
    """

    trained: frozenset[str]
    hashes: Mapping[str, str]

    @classmethod
    def of(cls, model: nn.Module) -> Self:
        """Of `model` as it is now; take it where parameters are counted."""
        trained = {name for name, p in model.named_parameters() if p.requires_grad}
        hashes = {n: digest(t) for n, t in _tensors(model, trained | declared_state(model))}
        return cls(frozenset(trained), hashes)

    def changed(self, model: nn.Module) -> list[str]:
        """Names of tensors that have another content, are gone or are new."""
        now = {n: digest(t) for n, t in _tensors(model, self.trained | declared_state(model))}
        names = dict.fromkeys((*self.hashes, *now))
        return [name for name in names if self.hashes.get(name) != now.get(name)]


def _tensors(model: nn.Module, but: Collection[str]) -> Iterator[tuple[str, Tensor]]:
    for name, parameter in model.named_parameters():
        if name not in but:
            yield name, parameter
    for name, buffer in model.named_buffers():
        if name not in but and not name.startswith(HEADS):
            yield name, buffer


def digest(tensor: Tensor) -> str:
    """Hash of a tensor's type, shape and bytes, whatever its type is."""
    # as a plain tensor: moving a quantised parameter moves, or makes, its quantisation too
    plain = tensor.detach().as_subclass(Tensor).contiguous().cpu()
    about = f"{plain.dtype} {tuple(plain.shape)}".encode()
    found = hashlib.blake2b(about, digest_size=16)
    found.update(plain.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def audit(model: nn.Module, before: Frozen, stated: Parameters) -> None:
    """Look at a model after it has been trained and scored.

    Args:
        model: as the run leaves it.
        before: what was frozen when its parameters were counted.
        stated: the method's closed form.

    Raises:
        Dishonest: something else is trained than was counted, a frozen tensor or an undeclared
            buffer has changed, or one token uses more parameters than stated.
    """
    trained = {name for name, p in model.named_parameters() if p.requires_grad}
    changed = before.changed(model)
    buffers = {name for name, _ in model.named_buffers()}
    found = (
        _offence("trained, but frozen when parameters were counted", trained - before.trained),
        _offence("counted as trained, but frozen now", before.trained - trained),
        _offence("frozen, but changed", [n for n in changed if n not in buffers | trained]),
        _offence(
            "a buffer that changed without being declared as state",
            [name for name in changed if name in buffers],
        ),
        *_understated(model, stated),
    )
    offences = [offence for offence in found if offence]
    if offences:
        raise Dishonest("; ".join(offences))


def _offence(what: str, names: Collection[str]) -> str:
    """`a, b, c and 4 others: what`, or nothing if there are no names."""
    listed = sorted(names)
    more = len(listed) - NAMED
    others = f" and {more} more" if more > 0 else ""
    return f"{', '.join(listed[:NAMED])}{others}: {what}" if listed else ""


def _understated(model: nn.Module, stated: Parameters) -> Iterator[str]:
    measured = active_parameters(model)
    for kind in KINDS:
        field = f"active_{kind}"
        if measured[kind] > getattr(stated, field):
            yield (
                f"{field}: one token uses {measured[kind]:,} parameters, the closed form says "
                f"{getattr(stated, field):,}"
            )
