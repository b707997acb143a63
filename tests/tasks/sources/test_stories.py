"""The stories: what their tasks promise, and the language model that comes with them."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from seesaw.tasks.backbones.locate import locate, sha256
from seesaw.tasks.catalogue import get_track
from seesaw.tasks.families.language.instruction import Instruction
from seesaw.tasks.sources.stories import pretrain
from seesaw.tasks.sources.stories.data import CHOICES, load
from seesaw.tasks.sources.stories.text import documents
from seesaw.tasks.sources.stories.world import OPPOSITE, velo

OPTIONS = {"data_seed": 0, "train": 60, "dev": 20, "test": 40}


@pytest.fixture(scope="module")
def data() -> dict[str, dict[str, list[Instruction]]]:
    """Examples by task and split."""
    return {
        d.task.name: {s: list(getattr(d, s)) for s in ("train", "dev", "test")}
        for d in load(OPTIONS)
    }


def given(example: Instruction) -> str:
    """The second line of a prompt: the input without its instruction."""
    return example.prompt.split("\n")[1]


@pytest.mark.parametrize("pair", [("edit", "translation"), ("lookup", "tracking")])
def test_pairs_in_conflict_have_the_same_inputs(data: dict, pair: tuple[str, str]) -> None:
    for split in OPTIONS:
        if split == "data_seed":
            continue
        one, other = (data[name][split] for name in pair)
        assert [given(e) for e in one] == [given(e) for e in other]
        assert {e.prompt.split("\n")[0] for e in one}.isdisjoint(
            {e.prompt.split("\n")[0] for e in other}
        )
        same = sum(a.answer == b.answer for a, b in zip(one, other, strict=True))
        assert same <= 0.3 * len(one)


def test_no_prompt_stands_in_two_splits(data: dict) -> None:
    for splits in data.values():
        prompts = [example.prompt for own in splits.values() for example in own]
        assert len(set(prompts)) == len(prompts)


def test_answers_follow_the_rules(data: dict) -> None:
    for example in data["edit"]["test"]:
        backwards = [OPPOSITE.get(word, word) for word in given(example).split()[::-1]]
        assert example.answer.split() == backwards
    for example in data["sorting"]["test"]:
        numbers = sorted(map(int, given(example).split()), reverse=True)
        assert list(map(int, example.answer.split())) == numbers
    for example in data["arithmetic"]["test"]:
        assert int(example.answer) == sum(map(int, given(example).split()))
    for example in data["translation"]["test"]:
        assert example.answer.split() == velo(given(example).split())
    for example in data["lookup"]["test"]:
        assert (
            f"{example.answer.strip()} has the {given(example).split()[-1][:-1]}" in example.prompt
        )


def test_choices_hold_the_answer_once_and_give_nothing_away(data: dict) -> None:
    for name in CHOICES:
        own = data[name]["test"]
        assert all(e.choices.count(e.answer) == 1 for e in own)
        places = Counter(e.choices.index(e.answer) for e in own)
        assert max(places.values()) < 0.75 * len(own)


def test_text_to_pretrain_on_holds_no_instruction_with_an_answer() -> None:
    text = "\n".join(islice(documents(np.random.default_rng(0)), 3000))
    assert "answer:" not in text
    for splits in load(OPTIONS):
        for example in splits.test:
            for between in (" ", ". ", ": "):
                assert f"{given(example)}{between}{example.answer.strip()}" not in text
    # the words of the other language are there, no sentence of it is explained
    assert "velo for dog is barun" in text
    spoken = [line for line in text.split("\n") if "speaks velo" in line]
    assert spoken
    assert not any(" the " in line for line in spoken)


def test_the_shipped_lm_is_what_its_recipe_says() -> None:
    track = get_track("stories@1")
    path = locate(track.backbone)
    assert path == pretrain.WEIGHTS
    assert sha256(path) == track.backbone.sha256
    assert path.stat().st_size < 7e6


@pytest.mark.slow
def test_pretraining_repeats_to_the_byte(tmp_path: Path) -> None:
    recipe = pretrain.Recipe(rows=24, batch_size=8, length=32, held_out=4, tokenizer_documents=300)
    paths = [
        pretrain.pretrain(recipe, tmp_path / str(n) / "model.safetensors", lambda *_: None)
        for n in (1, 2)
    ]
    for name in ("model.safetensors", "tokenizer.json", "config.json", "held-out.txt"):
        one, other = (path.parent / name for path in paths)
        assert one.read_bytes() == other.read_bytes(), name
