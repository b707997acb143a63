"""What a check says where a method fails it."""

from __future__ import annotations

from torch import Tensor

from seesaw.methods.core.method import MethodConfig

Method = type[MethodConfig]


class CheckError(AssertionError):
    """A method does not do what every method must; the message says what."""


def same(found: Tensor, wanted: Tensor, what: str, tolerance: float = 1e-4) -> None:
    """Raise unless two tensors agree to `tolerance`, relative to the largest wanted value."""
    if found.shape != wanted.shape:
        raise CheckError(f"{what}: shape {tuple(found.shape)}, not {tuple(wanted.shape)}")
    error = (found - wanted).abs().max().item() if found.numel() else 0.0
    scale = max(1.0, wanted.abs().max().item()) if wanted.numel() else 1.0
    if not error <= tolerance * scale:
        raise CheckError(f"{what}: values differ by up to {error:.3g}")
