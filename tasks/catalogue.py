"""The tracks that there are, in all their versions: finding and reading their files."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seesaw.tasks.track import CONFLICT, Track, kinds

TURNED = re.compile(rf"(.+)-{CONFLICT}([0-9]*[.]?[0-9]+)")
"""A track by name and what its dial is turned to."""
FOLDER = Path(__file__).parent / "tracks"


class TrackError(ValueError):
    """A track file that cannot be used; the message names the file and the field."""


class UnknownTrack(ValueError):
    """A track that is not there; the message names the closest ones."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known
        super().__init__(f"unknown track {name!r}; did you mean: {', '.join(close)}?")


def is_shipped(track: Track) -> bool:
    """Whether a track came with the suite and was not changed."""
    versions = _shipped().get(track.name, {})
    if track.version not in versions:
        return False
    own = _read(versions[track.version])
    return (own if track.dial is None else own.turned(track.dial)) == track


def _shipped() -> dict[str, dict[int, Path]]:
    """Files of the tracks that come with the suite, by name and version."""
    found: dict[str, dict[int, Path]] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        if match := re.fullmatch(r"(.+)@([1-9][0-9]*)", path.stem):
            found.setdefault(match[1], {})[int(match[2])] = path
    return found


def track_names() -> list[str]:
    """Names of all tracks, sorted."""
    return sorted(_shipped())


def track_versions(name: str) -> list[int]:
    """Versions that there are of a track, oldest first.

    Raises:
        UnknownTrack: there is no track of that name.
    """
    if name not in (tracks := _shipped()):
        raise UnknownTrack(name, sorted(tracks))
    return sorted(tracks[name])


def track_file(name: str) -> Path:
    """The file of the track `name` in its newest version, or of `name@version`.

    Raises:
        UnknownTrack: there is none.
    """
    stem, _, version = name.partition("@")
    versions = track_versions(stem)
    if not version:
        return _shipped()[stem][versions[-1]]
    if version not in map(str, versions):
        raise UnknownTrack(name, [f"{stem}@{known}" for known in versions])
    return _shipped()[stem][int(version)]


def get_track(name: str) -> Track:
    """The newest version of the track called `name`, or the version that `name@version` names.

    A name that ends in `.toml` is a file of your own; one that ends in `-conflict0.5`, a track with
    its dial of conflict turned to that.

    Raises:
        UnknownTrack: there is none.
        TrackError: the file does not describe a track, or it has no such dial.
    """
    if name.endswith(".toml"):
        return _read(Path(name))
    if (match := TURNED.fullmatch(name)) is None:
        return _read(track_file(name))
    return turned(_read(track_file(match[1])), float(match[2]))


def turned(track: Track, conflict: float) -> Track:
    """A track with its dial of conflict turned.

    Raises:
        TrackError: it has none, or the share is not from 0 to 1.
    """
    try:
        return track.turned(conflict)
    except ValueError as error:
        raise TrackError(f"track {track.slug}: {error}") from None


def dials() -> dict[str, float]:
    """What the dial of conflict is at, by `name@version` of every track that has one."""
    tracks = [_read(path) for versions in _shipped().values() for path in versions.values()]
    return {own.slug: own.options[CONFLICT] for own in tracks if CONFLICT in own.options}


def read_track(raw: Mapping[str, Any]) -> Track:
    """The track that a file, or a snapshot of one, describes.

    Raises:
        TrackError: its kind is not one.
        ValidationError: a field is wrong.
    """
    kind = raw.get("kind", "sentences")
    if not isinstance(kind, str) or kind not in kinds():
        raise TrackError(f"kind is {kind!r}; it must be one of {', '.join(kinds())}")
    return kinds()[kind].model_validate(raw)


def _read(path: Path) -> Track:
    try:
        return read_track(tomllib.loads(path.read_text(encoding="utf-8")))
    except TrackError as error:
        raise TrackError(f"track file {path}: {error}") from None
    except OSError as error:
        raise TrackError(f"cannot read track file {path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TrackError(f"track file {path} is not text in UTF-8: {error}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise TrackError(f"track file {path} is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise TrackError(f"track file {path}: {field}: {first['msg']}") from None
