"""Fields of configs: who sets, keeps and sizes them, and the way back from a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from seesaw.methods import get_method, method_names
from seesaw.methods.core.config import GatedConfig
from seesaw.methods.molora import MoLoRAConfig
from seesaw.methods.registry import register


def test_fields_say_who_handles_them() -> None:
    ase = get_method("ase")
    wanted = (
        "r",
        "experts",
        "sparse",
        "shared",
        "weighting",
        "mutual",
        "input_embedding",
        "smoothing",
    )
    assert ase.user_settings() == wanted
    assert ase.sized_settings() == ("r", "experts", "sparse", "shared")
    assert {"alpha", "dropout", "rank_pattern"} <= set(ase.recorded_settings())
    assert "n_tasks" not in ase.recorded_settings()
    assert "n_tasks" in get_method("lora_per_task").recorded_settings()
    assert get_method("lora").user_settings() == ()
    assert get_method("lora_rank").user_settings() == ("r",)


def test_a_bare_default_changes_the_default_alone() -> None:
    @dataclass
    class Wider(MoLoRAConfig):
        top_k: int = 4

    assert Wider.user_settings() == MoLoRAConfig.user_settings()
    assert Wider.sized_settings() == MoLoRAConfig.sized_settings()
    assert Wider().describe()["top_k"] == 4


@pytest.mark.parametrize("name", method_names())
def test_a_record_gives_the_config_back(name: str) -> None:
    method = get_method(name)
    config: Any = method()
    config = config.resized(16).scaled(3.0) if not method.fixed_size else config
    assert method.from_record(config.describe()) == config
    with pytest.raises(ValueError, match=f"{name} records no depth, width; it records r"):
        method.from_record({**config.describe(), "width": 1, "depth": 2})


def test_records_keep_their_word_for_ases_shared_experts() -> None:
    ase: Any = get_method("ase")
    described = ase(shared=2).describe()
    assert described["always"] == 2
    assert "shared" not in described
    assert ase.from_record(described).shared == 2


def test_a_setting_that_came_later_changes_no_spec_that_does_not_use_it() -> None:
    ase: Any = get_method("ase")
    assert "smoothing" not in ase().describe()
    smoothed = ase(smoothing=1e-4)
    assert smoothed.describe()["smoothing"] == 1e-4
    assert ase.from_record(smoothed.describe()) == smoothed


def test_a_field_that_nobody_spoke_of_is_not_registered() -> None:
    @dataclass
    class Forgetful(GatedConfig):
        name = "forgetful"
        depth: int = 3

    with pytest.raises(ValueError, match="forgetful: declare depth by `setting`"):
        register(Forgetful)
    assert "forgetful" not in method_names()
