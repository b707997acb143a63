"""The test splits of `stories@2` as lm-eval reads them; named in the task files beside this one."""

from __future__ import annotations

from functools import partial

from seesaw.tasks.families.language.lm_eval_tasks import test_split

seeing = partial(test_split, "stories@2", "seeing")
following = partial(test_split, "stories@2", "following")
helping = partial(test_split, "stories@2", "helping")
finding = partial(test_split, "stories@2", "finding")
hearing = partial(test_split, "stories@2", "hearing")
liking = partial(test_split, "stories@2", "liking")
wanting = partial(test_split, "stories@2", "wanting")
painting = partial(test_split, "stories@2", "painting")
