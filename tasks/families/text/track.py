"""Tracks of texts and text pairs."""

from __future__ import annotations

from pydantic import PositiveInt

from seesaw.tasks.track import Recipe, TextTrack, register


class SentenceRecipe(Recipe):
    """A recipe with the number of tokens that a text is cut to."""

    max_length: PositiveInt


@register("sentences")
class SentenceTrack(TextTrack):
    """Texts and text pairs, each with a label of one task."""

    recipe: SentenceRecipe
    family = "seesaw.tasks.families.text.family:SentenceFamily"
