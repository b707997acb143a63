"""Figures from synthetic records: what is there, what is said, and that nothing breaks them."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import COUNTS, outcomes_of, record, spec

from seesaw.reports.boards import boards
from seesaw.reports.drawing.board import pareto
from seesaw.reports.drawing.catalogue import figures
from seesaw.reports.drawing.style import NARROW, WIDE, slim, written
from seesaw.reports.evidence import unknown
from seesaw.reports.judgement import Judgement
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned

ENTRIES = {
    "lora": 0.7, "smora": 0.75, "molora": 0.69, "lora_per_task_full": 0.72, "head_only": 0.2,
}  # fmt: skip


def runs(seeds: int = 3, budget: int = 1000, track: str = "sentences@1") -> list[Record]:
    found = []
    for method, score in ENTRIES.items():
        size = {"head_only": 0, "lora_per_task_full": 2 * budget}.get(method, budget)
        counts = COUNTS.model_copy(update={"adapter": size})
        for seed in range(seeds):
            own = record(
                outcomes_of(), spec(method, seed, track, budget=budget), score + 0.01 * seed
            )
            found.append(own.model_copy(update={"parameters": counts}))
    return found


def drawn(records: list[Record]) -> dict[str, str]:
    """Every figure as SVG, by its name without the board's."""
    found = [Judgement(board, unknown) for board in boards(records)]
    return {re.sub(r".*-", "", name): written(own).decode() for name, own in figures(found, [], [])}


def texts(svg: str) -> list[str]:
    tags = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(tag.itertext()).strip() for tag in tags]


def test_every_kind_is_drawn_and_says_what_it_shows() -> None:
    found = drawn([*runs(), *runs(budget=2000)])
    assert {"intervals", "seesaw", "costs", "profiles", "budgets"} <= set(found)
    for kind, svg in found.items():
        said = texts(svg)
        assert any("sentences@1" in text for text in said), kind
        assert any(re.search("bars|surely|scores of all|means over", text) for text in said), kind
    assert any("3 seeds" in text for text in texts(found["intervals"]))
    assert set(ENTRIES) <= set(texts(found["intervals"]))
    assert {"▲ better", "▼ worse"} <= set(texts(found["intervals"]))  # not by colour alone


def test_the_frozen_backbone_does_not_push_the_others_aside() -> None:
    assert any(text.startswith("◂ 21") for text in texts(drawn(runs())["intervals"]))


def test_sizes_are_those_of_one_column_or_two() -> None:
    for svg in drawn(runs()).values():
        width = ElementTree.fromstring(svg).attrib["width"]
        assert float(width.removesuffix("pt")) / 72 in (NARROW, WIDE)


@pytest.mark.parametrize("kind", ["svg", "pdf"])
def test_the_same_records_give_the_same_file(kind: str) -> None:
    files = []
    for _ in range(2):
        found = [Judgement(board, unknown) for board in boards(runs())]
        files.append([written(own, kind) for _, own in figures(found, [], [])])  # type: ignore[arg-type]
    assert files[0] == files[1]


def tuned(own: Record) -> Record:
    at = Tuned(space="0" * 12, trials=4, number=1, values={}, trial=False)
    told = {"tuned": at, "recipe": own.spec.recipe | {"learning_rate": 1e-3}}
    return own.model_copy(update={"spec": own.spec.model_copy(update=told)})


def test_a_line_over_budgets_joins_nothing_tuned_to_what_is_not() -> None:
    small, large = runs(), runs(budget=4000)
    assert "budgets" in drawn([*small, *large])
    assert "budgets" not in drawn([*small, *map(tuned, large)])
    assert "budgets" in drawn([*map(tuned, small), *map(tuned, large)])


def test_older_versions_of_a_track_have_no_figures() -> None:
    both = boards([*runs(track="own@1"), *runs(track="own@2")])
    found = [Judgement(board, unknown) for board in both]
    assert {name.partition("-")[0] for name, _ in figures(found, [], [])} == {"own@2"}


def test_one_seed_one_entry_and_nothing_at_all() -> None:
    assert drawn([]) == {}
    assert "intervals" not in drawn(runs(seeds=1))
    one = [own for own in runs() if own.spec.method == "smora"]
    assert "smora" in texts(drawn(one)["intervals"])


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "$\\frac{1}", "x" * 200, "tab\tand\nline", "\\input{x}"]
)
def test_names_of_others_are_text(name: str, tmp_path: Path) -> None:
    records = [
        own.model_copy(update={"spec": own.spec.model_copy(update={"options": {"note": name}})})
        if own.spec.method == "smora"
        else own
        for own in runs()
    ]
    svg = drawn(records)["intervals"]
    assert "<script" not in svg
    assert any(text.startswith("smora+note=") for text in texts(svg))


@given(st.lists(st.tuples(st.floats(0, 1e3), st.floats(0, 100)), min_size=1))
def test_nothing_is_better_and_cheaper_than_what_is_on_the_front(
    points: list[tuple[float, float]],
) -> None:
    front = pareto(points)
    assert set(front) <= set(points)
    for cost, score in points:
        assert any(c <= cost and s >= score for c, s in front)
    for one, two in pairwise(front):
        assert one[0] < two[0]
        assert one[1] < two[1]


def test_of_an_svg_coordinates_are_cut_and_texts_are_not() -> None:
    svg = b'<g>\n  <path d="M 1.23456 -2.5 \nL 3 4.005"/>\n  '
    svg += b'<text x="0.98765" transform="rotate(-0 0.98 2)">0.12345 x="0.12345"</text>\n</g>'
    path, text = b'<path d="M 1.23 -2.5 \nL 3 4.00"/>', b'<text x="0.98">0.12345 x="0.12345"</text>'
    assert slim(svg) == b"<g>\n" + path + b"\n" + text + b"\n</g>"
