"""What a calibration came to."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from seesaw.console.terminal import as_text, error, line, remark, table

if TYPE_CHECKING:  # scipy comes in with it
    from seesaw.reports.calibration import Calibrated


def calibration(found: Calibrated, address: str | None, as_json: bool) -> None:
    """Its tables; `address` is the store it is in, None if runs are missing and it is in none."""
    from seesaw.reports.calibration_page import left_out, tables
    from seesaw.reports.targets import targets

    own = found.calibration
    if as_json:
        as_text(
            {
                "path": own.path if address else None,
                "tasks": [asdict(row) for row in found.rows],
                "average": asdict(found.average),
                "sensitivities": [
                    asdict(sensitivity) | {"seen": sensitivity.seen}
                    for sensitivity in found.sensitivities
                ],
                "targets": [asdict(target) for target in targets(found)],
                "left_out": left_out(found),
            }
        )
        return
    for shown in tables(found):
        title = f"{own.track}, budget {own.budget:,}: {shown.title.lower()}"
        table(title, shown.header, shown.rows, left=shown.words)
    for said in left_out(found):
        error(f"left out: {said}")
    if address is None:
        remark("not all runs are done, so nothing is stored; the same call without --only goes on")
    else:
        line(f"It is stored as {address}/{own.path}.json.")
