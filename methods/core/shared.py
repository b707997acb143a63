"""What all places of one adapter have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from torch import nn
from torch.utils.hooks import RemovableHandle

from seesaw.methods.core.parameters import Role
from seesaw.methods.core.state import RoutingState


class Shared(nn.Module):
    """A module that an adapter has once; the first place of the adapter holds it."""

    roles: Mapping[str, Role] = {}
    """The role of every parameter and buffer, by its name in here."""

    def attach(
        self, model: nn.Module, state: RoutingState, acts: Callable[[], bool]
    ) -> Sequence[RemovableHandle]:
        """Hook `model`, where that is needed; called once.

        Args:
            model: the adapted model.
            state: its routing state.
            acts: whether the adapter is on.

        Returns:
            The hooks, which are removed together with the adapter.
        """
        return ()
