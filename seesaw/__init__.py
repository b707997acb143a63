"""A reproducible benchmark suite and leaderboard for multi-task low-rank adapters.

`seesaw.methods` are PEFT tuners that work without the rest, `seesaw.tasks` what is learned,
`seesaw.suite` the engine from a request to a stored record, `seesaw.reports` tables and figures.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # `import seesaw` takes no time
    import pandas as pd

    from seesaw.suite.records.record import Record

__all__ = ["__version__", "load_record", "results"]
__version__ = version("seesaw")


def results(address: str = "results") -> pd.DataFrame:
    """Every task's test score of every run of a store that ended well.

    Args:
        address: folder or fsspec address of the store; the published one of a checkout.

    Returns:
        One row per run and task: `track`, `method`, `options`, `budget`, `budget_kind`, `tuned`,
        `seed`, `task`, `metric`, `unit`, `score` (points are a share times 100), `constant`,
        `parameters`, `active`, `record` (the run's id) and `path`, by which `load_record` finds it.

    Raises:
        StoreError: there is no store.

    Examples:
        >>> import seesaw
        >>> found = seesaw.results().query("track == 'sentences@1' and method == 'smora'")
        >>> found.groupby("seed").score.mean().round(1).to_dict()
        {0: 84.8, 1: 84.0, 2: 82.5}
    """
    from seesaw.reports.results import frame
    from seesaw.suite.records.store import Store

    return frame(Store(address))


def load_record(name: str, address: str = "results") -> Record:
    """One stored run, by the path of its file or the end of it.

    Raises:
        StoreError: there is none, or it cannot be read.

    Examples:
        >>> import seesaw
        >>> row = seesaw.results().query("track == 'sentences@1' and method == 'smora'").iloc[0]
        >>> record = seesaw.load_record(row.path)
        >>> record.status, record.spec.seed, record.parameters.adapter
        ('ok', 0, 2654208)
    """
    from seesaw.suite.records.store import Store

    return Store(address).find(name)
