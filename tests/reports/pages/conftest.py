"""Shared by the tests in a browser: the browser, and a small site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import CHROMIUM, COMPLAINTS, SCORES, stored
from playwright.sync_api import Browser, sync_playwright
from records import outcomes_of, record, spec

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = []
    for method, score in SCORES.items():
        told = method in ("more", "lora_per_task_full")
        for seed in range(5 if method in ("lora", "smora") else 3):
            of = spec(method, seed)
            wobble = 0.01 * ((seed * 7 + len(method)) % 5)
            found.append(record(outcomes_of(), of, score + wobble, told_task=told))
    return stored(found, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def nothing_to_complain_of() -> Iterator[None]:
    """No page may report an error or ask a network for anything."""
    COMPLAINTS.clear()
    yield
    assert not COMPLAINTS
