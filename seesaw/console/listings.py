"""What there is: methods, tracks and packaged backbones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from seesaw.console.terminal import as_text, table

if TYPE_CHECKING:  # methods import torch, which listing tracks can do without
    from seesaw.methods.core.method import MethodConfig
    from seesaw.tasks.backbones.packaged import Packaged
    from seesaw.tasks.track import Track


def methods(found: Sequence[type[MethodConfig]], as_json: bool) -> None:
    """The registered methods."""
    rows = [
        {
            "name": method.name,
            "title": method.title,
            "paper": method.paper,
            "routes_on": method.routes_on,
            "told_task": method.told_task,
            "merges": method.merges,
            "control": method.control,
            "options": list(method.user_settings()),
        }
        for method in found
    ]
    if as_json:
        as_text(rows)
        return
    columns = [
        "method",
        "what it is",
        "source",
        "gate reads",
        "told the task",
        "merges",
        "control",
        "options",
    ]
    cells = [
        [", ".join(v) if isinstance(v, list) else str(v) for v in row.values()] for row in rows
    ]
    table("Methods", columns, cells, left=8)


def tracks(found: Sequence[Track], as_json: bool) -> None:
    """The tracks."""
    if as_json:
        as_text([track.model_dump(mode="json") for track in found])
        return
    rows = [
        [
            track.slug,
            track.tier,
            track.title,
            ", ".join(track.tasks),
            track.backbone.model,
            f"{track.budgets.default:,}",
        ]
        for track in found
    ]
    columns = ["track", "tier", "what it is", "tasks", "backbone", "budget"]
    table("Tracks", columns, rows, left=5)


def backbones(found: Mapping[str, bool], known: Mapping[str, Packaged], as_json: bool) -> None:
    """The packaged backbones of `known`; `found` says which of them are here."""
    if as_json:
        as_text(
            [
                {**own.model_dump(mode="json"), "package": own.package, "here": found[name]}
                for name, own in known.items()
            ]
        )
        return
    rows = [
        [
            name,
            own.description,
            own.licence,
            own.package,
            ("installed" if own.converter is None else "cached") if found[name] else "no",
            f"{own.download / 1e6:.0f} MB",
            f"{own.parameters / 1e6:.1f}M",
        ]
        for name, own in known.items()
    ]
    columns = ["backbone", "what it is", "licence", "from", "here", "download", "parameters"]
    table("Backbones from packages", columns, rows, left=5)
