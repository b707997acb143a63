"""A reproducible benchmark suite and leaderboard for multi-task low-rank adapters.

`seesaw.methods` are PEFT tuners that work without the rest, `seesaw.tasks` what is learned,
`seesaw.suite` the engine from a request to a stored record, `seesaw.reports` tables and figures.
"""

from __future__ import annotations

from importlib.metadata import version

__version__ = version("seesaw")
