"""How generated answers are scored."""

from tasks.instructions.harness import exact_match

__all__ = ["exact_match"]
