"""Methods that train, change, know or use more than they say, by the check that says so."""

from __future__ import annotations

from broken import BROKEN, CHECKPOINTING, Broken
from cheats import (
    Fast,
    FreezesItself,
    ShowsTheTask,
    StatesLess,
    TrainsABuffer,
    UnfreezesForTheStep,
    UnfreezesInEvaluation,
    UnfreezesInTraining,
    WritesInForward,
    WritesIntoEmbeddings,
    WritesIntoLinears,
    cheat,
)

WEIGHT, WORDS = r"base_layer\.weight", r"word_embeddings\.weight"
FROZEN, COUNTED = "frozen_weights_stay", "what_is_trained_is_what_was_counted"
KNOWN = "the_task_is_known_only_if_declared"
SAVED, EXAMPLES = "a_saved_adapter_comes_back", "examples_do_not_see_their_batch"

BROKEN += [
    Broken(cheat(UnfreezesInEvaluation), COUNTED, f"{WEIGHT} was frozen when", (FROZEN,)),
    Broken(cheat(UnfreezesInTraining), COUNTED, f"{WEIGHT} was frozen when", (FROZEN,)),
    Broken(cheat(FreezesItself), COUNTED, r"\.up was trained when"),
    Broken(cheat(UnfreezesForTheStep), FROZEN, f"{WEIGHT} is frozen but moved"),
    Broken(cheat(WritesIntoLinears), FROZEN, f"{WEIGHT} is frozen but moved", (SAVED,)),
    Broken(cheat(WritesIntoEmbeddings), FROZEN, f"{WORDS} is frozen but moved", (SAVED,)),
    Broken(cheat(WritesInForward), FROZEN, f"{WEIGHT} is frozen but moved", (EXAMPLES, KNOWN)),
    Broken(cheat(TrainsABuffer), "buffers_that_change_are_declared", "offset is", (CHECKPOINTING,)),
    Broken(cheat(ShowsTheTask), KNOWN, "its output shows the task"),
    Broken(Fast, "only_controls_change_the_learning_rate", r"learning_rate_factor is 20\.0"),
    Broken(StatesLess, "active_parameters_are_not_understated", "active_experts is"),
]
