"""Tracks of texts and text pairs."""

from __future__ import annotations

from pydantic import (
    PositiveInt,
)

from seesaw.tasks.track import Recipe, TextTrack, register


class SentenceRecipe(Recipe):
    """And the tokens a text is cut to."""

    max_length: PositiveInt


@register("sentences")
class SentenceTrack(TextTrack):
    """Texts and text pairs, each with a label of one task."""

    recipe: SentenceRecipe
    learner = "seesaw.tasks.families.text.learner:SentenceLearner"
