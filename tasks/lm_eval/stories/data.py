"""The test splits of `stories@1` as lm-eval reads them; named in the task files beside this one."""

from __future__ import annotations

from functools import partial

from seesaw.tasks.families.language.lm_eval_tasks import test_split

edit = partial(test_split, "stories@1", "edit")
translation = partial(test_split, "stories@1", "translation")
arithmetic = partial(test_split, "stories@1", "arithmetic")
sorting = partial(test_split, "stories@1", "sorting")
lookup = partial(test_split, "stories@1", "lookup")
tracking = partial(test_split, "stories@1", "tracking")
entailment = partial(test_split, "stories@1", "entailment")
analogy = partial(test_split, "stories@1", "analogy")
