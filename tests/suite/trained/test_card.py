"""The card beside an exported adapter says what it is, what it scored, how to load and route it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Seesaw
from huggingface_hub import ModelCard
from peft import PeftConfig

from seesaw.methods.core.config import GatedConfig
from seesaw.suite.records.store import Store


@pytest.mark.slow
def test_a_card_of_an_adapter_and_of_one_task(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    track = ["--track", str(tiny_track), "--tasks", "topic,similarity"]
    seesaw("bench", "moelora", *track, "--budget", "700k", "--seeds", "0,1")
    record = Store(str(tmp_path / "runs")).scan().records[0]
    seesaw("export", record.path, "--to", "whole", "--card", "--track", str(tiny_track))

    card = ModelCard.load("whole/README.md")
    assert card.data.library_name == "peft"
    assert card.data.tags == ["seesaw", "lora", "moelora"]
    found = {result.dataset_name: result for result in card.data.eval_results}
    scores = found[f"{record.spec.track}: topic"]
    assert scores.metric_value == pytest.approx(record.scores()["topic"], abs=1e-4)
    assert f"record `{record.id}`" in card.text
    assert "arXiv 2310.18339" in card.text
    assert "import seesaw.methods" in card.text
    assert "The tasks are 0 topic, 1 similarity." in card.text
    assert "(2 seeds)" in card.text
    config = PeftConfig.from_pretrained("whole")
    assert isinstance(config, GatedConfig)
    assert config.task_names == ["topic", "similarity"]

    task = ["--task", "similarity", "--to", "one", "--card", "--track", str(tiny_track)]
    seesaw("export", record.path, *task)
    plain = ModelCard.load("one/README.md").text
    assert "folded into a plain LoRA for the task `similarity`" in plain
    assert "import seesaw.methods" not in plain
    assert "task_ids" not in plain
