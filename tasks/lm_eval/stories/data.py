"""The test splits of `stories` as lm-eval reads them; named in the task files beside this one."""

from __future__ import annotations

from functools import partial
from typing import Any

from seesaw.tasks.families.language.lm_eval import documents
from seesaw.tasks.track import get_track


def test_split(name: str, **options: Any) -> dict[str, Any]:
    """The test split of one task; lm-eval hands its own options over."""
    _, data = get_track("stories").load_data(None, [name])
    return {"test": documents(data[0].task, data[0].test)}


edit = partial(test_split, "edit")
translation = partial(test_split, "translation")
arithmetic = partial(test_split, "arithmetic")
sorting = partial(test_split, "sorting")
lookup = partial(test_split, "lookup")
tracking = partial(test_split, "tracking")
entailment = partial(test_split, "entailment")
analogy = partial(test_split, "analogy")
