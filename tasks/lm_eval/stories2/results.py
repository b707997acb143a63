"""How answers of several words are scored."""

from seesaw.tasks.families.language.lm_eval_tasks import word_accuracy

__all__ = ["word_accuracy"]
