"""A text whose numbers come from runs, and what becomes of one that runs do not bear out."""

from __future__ import annotations

from pathlib import Path

import pytest
from records import record, spec

from seesaw.commands.arguments import facts_of
from seesaw.reports import findings
from seesaw.reports.boards import boards
from seesaw.reports.claims.decide import Decided, DecidedPart, decide
from seesaw.reports.claims.found import Stored
from seesaw.reports.claims.read import read
from seesaw.reports.claims.verdict import Finding
from seesaw.reports.evidence import stored, unknown
from seesaw.reports.judgement import Judgement
from seesaw.reports.unlike import untuned
from seesaw.suite.records.record import Record
from seesaw.suite.records.spec import Tuned
from seesaw.suite.records.store import Store

SCORES = {"lora": 0.6, "smora": 0.8, "mode": 0.4, "lora_per_task_full": 0.9}
CLAIMS = """
[[claim]]
id = "1"
paper = "a paper"
says = "SMoRA is better than LoRA"
number = "none"
command = "seesaw bench smora"
part = [{ rule = "better", tracks = ["sentences@1"], pairs = [["smora", "lora"]] }]
"""
ROOT = Path(__file__).parents[2]


def runs(tuned: bool = False) -> list[Record]:
    found = []
    for method, score in SCORES.items():
        for seed in range(3):
            own = spec(method, seed)
            if tuned:
                at = Tuned(
                    space="0" * 12, trials=4, number=1, values={"learning_rate": 1e-3}, trial=False
                )
                own = own.model_copy(
                    update={"tuned": at, "recipe": own.recipe | {"learning_rate": 1e-3}}
                )
            found.append(record(None, own, score + 0.001 * seed * len(method)))
    return found


def judged(records: list[Record]) -> list[Judgement]:
    return [Judgement(own, unknown) for own in boards(records)]


def page(text: str, records: list[Record], decided: list[Decided] | None = None) -> str:
    found, _ = findings.pages(text, judged(records), decided or [], "../results")
    return found


def test_numbers_are_those_of_the_board_and_lead_to_a_record() -> None:
    (board,) = judged(runs())
    entry = board.board.entry("smora")
    assert entry is not None
    gain = board.against["LoRA"][entry.key].gain
    text = page('{{ gain("smora", "sentences@1", "better") }}', runs())
    assert text == f"[{gain.signed}](../results/{entry.runs[0].path}.json)\n"
    text = page('{{ score("smora", "sentences@1") }}', runs())
    assert text == f"[{board.interval(entry)}](../results/{entry.runs[0].path}.json)\n"


def test_any_two_entries_tasks_and_seeds() -> None:
    asked = 'gain("mode", "sentences@1", "worse", over="smora")'
    assert page(f"{{{{ {asked} }}}}", runs()).startswith("[-40")
    asked = 'task("mode", "sentences@1", "a", "worse")'
    assert page(f"{{{{ {asked} }}}}", runs()).startswith("[-5")
    assert page('{{ falls("mode", "sentences@1") }}', runs()).startswith("[2 of 2](")
    assert page('{{ seeds("sentences@1") }}', runs()) == "3\n"


def test_tuned_boards_are_asked_for_by_name() -> None:
    text = '{{ rate("smora", "sentences@1") }} {{ seeds("sentences@1", tuned=true) }}'
    assert page(text, [*runs(), *runs(tuned=True)]) == "1.0e-03 3\n"
    with pytest.warns(UserWarning, match="no tuned board of sentences@1"):
        assert page(text, runs()) == ""


def test_where_runs_say_otherwise_there_is_no_page_and_every_place_is_named() -> None:
    text = (
        '{{ gain("smora", "sentences@1", "worse") }} {{ gain("ase", "sentences@1", "better") }}'
        '{{ score("lora", "scenes@9") }}'
        '{{ claim("7", "confirmed") }}'
    )
    with pytest.warns(UserWarning, match=r"FINDINGS\.md is not made: ") as caught:
        assert page(text, runs()) == ""
    said = str(caught[0].message)
    assert "smora over lora on sentences@1 is worse; runs: better, +20" in said
    assert "no ase on sentences@1" in said
    assert "no board of scenes@9" in said
    assert "claim 7 is confirmed; runs: None" in said


def test_claims_are_held_to_what_was_decided(tmp_path: Path) -> None:
    path = tmp_path / "claims.toml"
    path.write_text(CLAIMS)
    (claim,) = read(path, facts_of).rows
    found = Finding("sentences@1", [], "confirmed", tuned=False, records=[], missing=[])
    decided = [Decided(claim, [DecidedPart(claim.parts[0], [found])])]
    text = '{{ claim("1", "confirmed") }}'
    assert page(text, runs(), decided) == "[claim 1](CLAIMS.md)\n"


def test_no_text_makes_no_page() -> None:
    assert findings.pages("", judged(runs()), [], "../results") == ("", "")


@pytest.mark.slow
def test_published_runs_say_what_our_text_does() -> None:
    store = Store(str(ROOT / "results"))
    scan = store.scan()
    found = boards(scan.records, scan.speed)
    settings = untuned(found)
    every = [Judgement(own, stored(store), settings.get(own.name)) for own in found]
    claims = read(ROOT / "reports" / "claims.toml", facts_of)
    decided = decide(claims, Stored(every, scan.records, scan.speed))
    here, there = findings.pages(findings.FILE.read_text(), every, decided, "../results")
    assert here
    assert there
