"""Step times through the command line: a method, LoRA and the frozen backbone in turns."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Seesaw

from seesaw.suite.records.store import Store


@pytest.mark.slow
def test_speed_measures_all_three_side_by_side(
    seesaw: Seesaw, tiny_track: Path, tmp_path: Path
) -> None:
    (found,) = json.loads(
        seesaw("speed", "smora", "--track", str(tiny_track), "--rounds", "3", "--json")
    )
    assert found["rounds"] == 3
    assert found["lora_config"]["r"] == found["config"]["r"] == 42
    assert found["lora_config"]["rank_pattern"] == found["config"]["rank_pattern"]
    assert found["flops"] > found["lora_flops"] > found["frozen_flops"] > 0
    (record,) = Store(str(tmp_path / "runs")).scan().speed
    assert record.overhead == pytest.approx(
        record.ratio_to_lora / (record.flops / record.lora_flops)
    )


@pytest.mark.slow
def test_speed_on_a_bare_backbone_with_references(seesaw: Seesaw) -> None:
    small = ["--batch-size", "2", "--length", "8", "--rank", "16", "--rounds", "3", "--loops", "4"]
    found = json.loads(
        seesaw("speed", "smora", "more", "--backbone", "minilm-l6", *small, "--json")
    )
    assert [row["method"] for row in found] == ["smora", "more"]
    for row in found:
        assert (row["track"], row["config"]["r"]) == ("minilm-l6-r16", 16)
        assert set(row["references"]) == {"loop over 4 experts", "PEFT Poly", "PEFT Lily"}
        assert row["batch"] == [2, 8]
        assert row["saved_bytes"] > row["frozen_saved_bytes"] > 0
    (smora, more) = found
    assert smora["flops"] > more["flops"] > more["frozen_flops"]
