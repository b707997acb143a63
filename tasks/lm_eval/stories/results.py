"""How generated answers are scored."""

from seesaw.tasks.families.language.lm_eval_tasks import exact_match

__all__ = ["exact_match"]
