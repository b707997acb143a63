"""Every track file, and what is said about bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from seesaw.tasks import catalogue as tracks
from seesaw.tasks.backbones.locate import locate
from seesaw.tasks.backbones.text import load_model, load_tokenizer
from seesaw.tasks.catalogue import (
    TrackError,
    UnknownTrack,
    get_track,
    is_shipped,
    read_track,
    track_file,
    track_names,
    track_versions,
)
from seesaw.tasks.families.family import open_family
from seesaw.tasks.task import SPLITS, WeightsError

EMBEDDED = [name for name in track_names() if get_track(name).tier == "embedded"]


@pytest.mark.parametrize("name", track_names())
def test_track_files_are_named_like_their_tracks(name: str) -> None:
    track = get_track(name)
    assert track.name == name
    assert get_track(track.slug) == track
    assert track_file(name).stem == track.slug
    assert is_shipped(track)
    assert track.budgets.default not in track.budgets.curve


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_tracks_load_the_tasks_they_name(name: str) -> None:
    track = get_track(name)
    few = {"train": 8, "dev": 4, "test": 4}
    track = track.model_copy(update={"options": track.options | few})
    slug, data = track.load_data(None)
    assert slug == track.slug
    family = open_family(track, data, locate(track.backbone))
    assert tuple(task.name for task in family.tasks) == track.tasks
    assert set(family.sha256) == set(track.tasks)
    assert [family.data.examples(0, split) for split in SPLITS] == [8, 4, 4]


def test_unknown_tracks_are_answered_with_close_names() -> None:
    with pytest.raises(UnknownTrack, match="unknown track 'sentence'; did you mean: sentences"):
        get_track("sentence")
    known = "sentences@2, sentences@1"
    with pytest.raises(UnknownTrack, match=f"'sentences@9'; did you mean: {known}"):
        get_track("sentences@9")


def test_a_dial_of_conflict_is_turned_by_name() -> None:
    track = get_track("sentences@2-conflict0.50")
    assert (track.slug, track.options["conflict"]) == ("sentences@2-conflict0.5", 0.5)
    assert is_shipped(track)
    assert get_track("sentences-conflict0.5") == track
    assert read_track(track.model_dump(mode="json")) == track
    own = get_track("sentences")
    assert get_track(f"sentences-conflict{own.options['conflict']}") == own
    assert not is_shipped(track.model_copy(update={"options": own.options}))
    with pytest.raises(TrackError, match=r"sentences@2: conflict is 1\.5; it must"):
        get_track("sentences-conflict1.5")
    with pytest.raises(TrackError, match="glue@2 has no option conflict"):
        get_track("glue-conflict0.5")
    with pytest.raises(UnknownTrack, match="did you mean: sentences"):
        get_track("sentence-conflict0.5")
    with pytest.raises(ValueError, match=r"dial is 0\.2; conflict is 0\.5"):
        read_track(track.model_dump(mode="json") | {"dial": 0.2})


@pytest.mark.parametrize("conflict", [0, 1])
def test_the_dial_is_read_back_from_both_its_ends(conflict: int) -> None:
    track = get_track(f"stories@2-conflict{conflict}")
    assert read_track(track.model_dump(mode="json")) == track


def test_old_versions_stay_readable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = track_file("sentences@1").read_text()
    for version in (1, 2, 10):
        own = text.replace("version = 1", f"version = {version}", 1)
        (tmp_path / f"sentences@{version}.toml").write_text(own)
    monkeypatch.setattr(tracks, "FOLDER", tmp_path)
    assert track_names() == ["sentences"]
    assert track_versions("sentences") == [1, 2, 10]
    assert get_track("sentences").version == 10
    old = get_track("sentences@2")
    assert old.slug == "sentences@2"
    assert is_shipped(old)
    with pytest.raises(UnknownTrack, match="did you mean: sentences@2, sentences@1, sentences@10"):
        get_track("sentences@3")


def test_a_changed_track_is_not_the_shipped_one(tiny_track: Path, tmp_path: Path) -> None:
    assert not is_shipped(get_track(str(tiny_track)))
    copy, other = tmp_path / "copy.toml", tmp_path / "other.toml"
    copy.write_text(track_file("sentences").read_text())
    assert is_shipped(get_track(str(copy)))
    other.write_text(copy.read_text().replace("steps = ", "steps = 1", 1))
    assert not is_shipped(get_track(str(other)))
    assert not is_shipped(get_track("sentences").model_copy(update={"version": 9}))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("steps = ", "stepz = ", "recipe"),
        ("dropout = 0.0", "dropout = 1.0", "recipe.dropout: Input should be less than 1"),
        ("[recipe]", "[recipe", "is not TOML"),
        ('name = "sentences"', 'name = "../sentences"', "name: String should match pattern"),
        ('tier = "embedded"', 'tier = "free"', "tier: Input should be 'embedded'"),
    ],
)
def test_bad_track_files_name_the_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(track_file("sentences").read_text().replace(old, new, 1))
    with pytest.raises(TrackError, match=r"mine\.toml") as error:
        get_track(str(path))
    assert message in str(error.value)


def test_a_missing_track_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrackError, match=r"none\.toml: No such file"):
        get_track(str(tmp_path / "none.toml"))


def test_other_weights_are_refused_with_both_hashes(tmp_path: Path) -> None:
    backbone = get_track("sentences").backbone
    with pytest.raises(WeightsError, match=r"no model\.safetensors"):
        locate(backbone, str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsError, match=rf"has SHA-256 d9298a10.*needs {backbone.sha256}"):
        locate(backbone, str(tmp_path))


def test_a_folder_with_the_hubs_layout_serves(tmp_path: Path) -> None:
    backbone = get_track("sentences").backbone
    packaged = locate(backbone)
    for path in packaged.parent.iterdir():
        if path.is_file():
            (tmp_path / path.name).symlink_to(path)
    assert locate(backbone, str(tmp_path)) == tmp_path / "model.safetensors"
    model = load_model(tmp_path)
    assert not model.training
    assert not any(p.requires_grad for p in model.parameters())
    assert load_tokenizer(tmp_path)("a word")["input_ids"]
