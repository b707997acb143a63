"""The hash of all code."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from seesaw.suite.records.code import code_sha256


def test_what_is_installed_counts_once_however_often_it_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkout that a wheel was built in lists itself a second time where it is the folder."""
    asked = code_sha256.__wrapped__
    before = asked()
    monkeypatch.syspath_prepend(tmp_path)
    for name, number in (("pytest", version("pytest")), ("another", "1")):
        assert asked() == before
        (tmp_path / f"{name}-{number}.dist-info").mkdir()
        told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {number}\n"
        (tmp_path / f"{name}-{number}.dist-info" / "METADATA").write_text(told)
    assert asked() != before
