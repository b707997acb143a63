"""The site from synthetic records: its links hold, and nothing in a record acts."""

from __future__ import annotations

import posixpath
import shlex
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from records import outcomes_of, record, spec

from seesaw.reports.leaderboard import build
from seesaw.reports.pages.command import command_of
from seesaw.suite.records.record import Record
from seesaw.suite.records.store import Store

SCRIPTS = {"../datatables.js", "../vega.js", "../board.js"}
DATA = {"type": "application/json"}
VOID = {"meta", "link", "img", "br", "hr", "input"}


class Page(HTMLParser):
    """Links, ids and text of a page; raises where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        ours = own.get("src") in SCRIPTS or own == DATA | {"id": own.get("id")}
        if tag != "script" or not ours:
            self.tags.append(tag)
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
            assert not name.startswith("on"), (tag, name)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def runs(name: str = "smora", **options: str) -> list[Record]:
    found = []
    for method, score in (("lora", 0.7), (name, 0.75), ("head_only", 0.3)):
        for seed in range(3):
            of = spec(method, seed)
            if method == name and options:
                of = of.model_copy(update={"options": options})
            found.append(record(outcomes_of(), of, score + 0.01 * seed))
    return found


def made(records: list[Record], folder: Path) -> dict[str, Page]:
    """The site's pages by their address in it."""
    store = Store(str(folder / "results"))
    for own in records:
        store.add(own, {".parquet": outcomes_of()} if own.outcomes_sha256 else {})
    scan = store.scan()
    build(scan.records, scan, folder / "reports", results=store.address)
    root = folder / "reports" / "site"
    return {
        path.relative_to(root).as_posix(): Page(path.read_text()) for path in root.rglob("*.html")
    }


def test_every_link_leads_somewhere_on_this_disk(tmp_path: Path) -> None:
    pages = made(runs(), tmp_path)
    root = tmp_path / "reports" / "site"
    assert len(pages) == 1 + 7 + 2 + 3
    for address, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            assert not parts.scheme, link
            assert not parts.netloc, link
            to = posixpath.normpath(posixpath.join(posixpath.dirname(address), unquote(parts.path)))
            target = (root / to) if parts.path else (root / address)
            assert target.exists(), (address, link)
            if parts.fragment:
                assert parts.fragment in Page(target.read_text()).ids


def test_from_the_front_to_the_record_and_its_command_in_three_clicks(tmp_path: Path) -> None:
    pages = made(runs(), tmp_path)
    boards = [link for link in pages["index.html"].links if "boards/" in link]
    board = unquote(boards[0])
    (entry,) = {unquote(link) for link in pages[board].links if "smora" in link}
    page = pages[posixpath.normpath(posixpath.join("boards", entry))]
    assert sum(link.endswith(".json") for link in page.links) == 3
    words = "".join(page.words)
    assert "seesaw bench smora --track sentences@1 --budget 1000 --seeds 0,1,2" in words


def test_a_run_of_the_frozen_backbone_has_a_command_of_its_own(tmp_path: Path) -> None:
    own = [run for run in runs() if (run.spec.method, run.spec.seed) != ("smora", 2)]
    lost = record(None, spec("smora", 2), status="diverged", error="loss is nan")
    pages = made([*own, lost], tmp_path)
    (smora,) = [page for address, page in pages.items() if "smora" in address]
    words = "".join(smora.words)
    assert "seesaw bench smora --track sentences@1 --budget 1000 --seeds 0,1 " in words
    assert "seesaw bench head_only --track sentences@1 --budget 1000 --seeds 2 " in words


def test_the_answer_stands_first(tmp_path: Path) -> None:
    words = " ".join("".join(made(runs(), tmp_path)["index.html"].words).split())
    assert "Better than LoRA: smora (" in words
    assert "Worse than LoRA: head_only (" in words
    assert words.index("▲ better") < words.index("Better than LoRA")  # the table of all tracks


def test_the_same_records_make_the_same_site(tmp_path: Path) -> None:
    found = []
    for name in ("one", "other"):
        made(runs(), tmp_path / name)
        root = tmp_path / name / "reports" / "site"
        files = sorted(path for path in root.rglob("*") if path.is_file())
        found.append({path.relative_to(root): path.read_bytes() for path in files})
    assert found[0] == found[1]


@pytest.mark.parametrize("records", [[], runs()[:1], runs()[3:4]])
def test_few_records_make_a_site(records: list[Record], tmp_path: Path) -> None:
    pages = made(records, tmp_path)
    assert ("No records yet." in "".join(pages["index.html"].words)) == (not records)


def test_what_is_gone_leaves_no_page(tmp_path: Path) -> None:
    made(runs(), tmp_path)
    root = tmp_path / "reports" / "site"
    (root / "boards" / "of-another-time.html").write_text("old")
    (root / "entries" / "gone").mkdir()
    (root / "entries" / "gone" / "0-lora.html").write_text("old")
    pages = made([], tmp_path)
    assert any(address.startswith("boards/") for address in pages)
    assert not (root / "boards" / "of-another-time.html").exists()
    assert not (root / "entries" / "gone").exists()


def test_failed_runs_alone_make_a_site(tmp_path: Path) -> None:
    lost = record(None, spec("lora"), status="failed", error="<script>alert(1)</script>")
    assert "script" not in made([lost], tmp_path)["index.html"].tags


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "\\input{x}", "x" * 200, "`|*_[a](b)"]
)
def test_what_stands_in_a_record_is_text(text: str, tmp_path: Path) -> None:
    records = [
        own.model_copy(
            update={
                "provenance": own.provenance.model_copy(update={"machine": text}),
                "spec": own.spec.model_copy(update={"config": {"note": text}}),
            }
        )
        for own in runs()
    ]
    store = [own.model_copy(update={"id": own.spec.id}) for own in records]
    pages = made(store, tmp_path)
    entries = [page for address, page in pages.items() if address.startswith("entries/")]
    assert entries
    for page in pages.values():
        assert "script" not in page.tags
    assert all(text in "".join(page.words) for page in entries)


def test_what_does_not_verify_is_named(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "results"))
    reason = "outcomes are <b>another</b> file"
    build([], store.scan(), tmp_path / "out", refused={"sentences@1/1/lora/0-x-1": reason})
    page = Page((tmp_path / "out" / "site" / "incomplete.html").read_text())
    assert reason in "".join(page.words)
    assert "sentences@1/1/lora/0-x-1" in "".join(page.words)


def test_a_command_says_all_that_is_not_the_default() -> None:
    own = runs("molora", experts="4")[3]
    tuned = own.model_copy(
        update={
            "spec": own.spec.model_copy(
                update={"track": "sentences@2-conflict0.5", "budget_kind": "active"}
            )
        }
    )
    assert shlex.split(command_of([tuned])) == [
        *("seesaw", "bench", "molora[experts=4]", "--track", "sentences@2-conflict0.5"),
        *("--budget", "1000", "--seeds", "0", "--budget-kind", "active", "--threads", "2"),
    ]
