"""What a check says where a method fails it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from seesaw.methods.core.method import MethodConfig

Method = type[MethodConfig]


class CheckError(AssertionError):
    """A method does not do what every method must; the message says what."""


def same(
    found: Tensor, wanted: Tensor, what: str, tolerance: float = 1e-4, least: float = 1.0
) -> None:
    """Raise unless two tensors agree to `tolerance` of the largest wanted value, or of `least`."""
    if found.shape != wanted.shape:
        raise CheckError(f"{what}: shape {tuple(found.shape)}, not {tuple(wanted.shape)}")
    error = (found - wanted).abs().max().item() if found.numel() else 0.0
    scale = max(least, wanted.abs().max().item()) if wanted.numel() else least
    if not error <= tolerance * scale:
        raise CheckError(f"{what}: values differ by up to {error:.3g}")


def same_gradients(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], where: str) -> None:
    """Raise unless two runs gave the same parameters the same gradients, small ones too."""
    if set(found) != set(wanted):
        names = ", ".join(sorted(set(found) ^ set(wanted)))
        raise CheckError(f"{names}: a gradient with or without {where}, but not both")
    for name, gradient in wanted.items():
        same(found[name], gradient, f"gradient of {name} under {where}", 1e-3, least=0.01)
