"""Claims decided by runs whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from claimed import claim, decided, parsed, run, runs, trial, tuned_run, verdict
from records import COUNTS, record, speed_record

from seesaw.reports.claims.page import commands, markdown
from seesaw.reports.claims.rates import Best, Ratio, chances
from seesaw.reports.claims.verdict import judged, over_parts, over_tracks, together
from seesaw.reports.comparison import Family
from seesaw.reports.intervals import Spread
from seesaw.reports.quantity import Quantity, apart
from seesaw.suite.records.record import RoutingStatistics

PAIR = 'pairs = [["smora", "lora"]]'


@pytest.mark.parametrize(
    ("rule", "gain", "expected"),
    [
        ("better", 0.05, "confirmed"),
        ("better", -0.05, "refuted"),
        ("better", 0.0, "equivalent"),
        ("not_worse", 0.05, "confirmed"),
        ("not_worse", 0.0, "confirmed"),
        ("not_worse", -0.05, "refuted"),
        ("equivalent", 0.0, "confirmed"),
        ("equivalent", 0.05, "refuted"),
        ("equivalent", -0.05, "refuted"),
    ],
)
def test_what_a_comparison_says(tmp_path: Path, rule: str, gain: float, expected: str) -> None:
    own = runs({"lora": 0.7, "smora": 0.7 + gain}, noise=0.001)
    assert verdict(tmp_path, f'rule = "{rule}"\n{PAIR}', own) == expected


@pytest.mark.parametrize("rule", ["better", "not_worse", "equivalent"])
def test_loud_seeds_leave_it_open(tmp_path: Path, rule: str) -> None:
    own = runs({"lora": 0.7, "smora": 0.71}, noise=0.1)
    assert verdict(tmp_path, f'rule = "{rule}"\n{PAIR}', own) == "inconclusive"


def test_verdicts_are_wrong_no_more_often_than_one_time_in_twenty() -> None:
    rng, wrong = np.random.default_rng(0), {"above": 0, "not below": 0, "within": 0}
    worst = {"above": 0.0, "not below": -0.5, "within": 0.5}  # the border of what is claimed
    for _ in range(400):
        for region, truth in worst.items():
            own = Quantity(dict(enumerate(truth + rng.standard_normal(5))))
            ((_, said),) = judged(Family([own], Spread.of([own])), region, 0.5)  # type: ignore[arg-type]
            wrong[region] += said == "confirmed"
    assert all(count <= 400 * 0.05 + 9 for count in wrong.values()), wrong


def test_several_pairs_must_all_hold_or_most_or_any(tmp_path: Path) -> None:
    own = runs({"lora": 0.7, "smora": 0.8, "mode": 0.75, "malora": 0.6}, noise=0.001)
    pairs = 'rule = "better"\npairs = [["smora", "lora"], ["mode", "lora"], ["malora", "lora"]]'
    assert verdict(tmp_path, pairs, own) == "refuted"
    assert verdict(tmp_path, f'{pairs}\nneed = "most"', own) == "confirmed"
    assert verdict(tmp_path, f'{pairs}\nneed = "any"', own) == "confirmed"


def test_together_and_over_tracks() -> None:
    assert together(["confirmed", "equivalent"]) == "equivalent"
    assert together(["confirmed", "not run here"]) == "not run here"
    assert together(["refuted", "not run here"]) == "refuted"
    assert together(["confirmed", "inconclusive"]) == "inconclusive"
    assert together(["equivalent", "inconclusive"], "any") == "inconclusive"
    assert together(["confirmed", "refuted", "not run here"], "most") == "not run here"
    assert over_tracks(["confirmed", "not run here", "inconclusive"]) == "confirmed"
    assert over_tracks(["confirmed", "refuted"]) == "inconclusive"
    assert over_tracks(["not run here"]) == "not run here"
    assert over_parts(["confirmed", "not run here"]) == "inconclusive"
    assert over_parts(["refuted", "not run here"]) == "refuted"
    assert over_parts(["not run here", "not run here"]) == "not run here"


def test_runs_of_one_seed_or_none_are_missing_and_asked_for(tmp_path: Path) -> None:
    claims = parsed(tmp_path, claim(f'rule = "better"\n{PAIR}\nseeds = 3'))
    own = [*runs({"lora": 0.7}, seeds=3), run("smora", 1, 0.8)]
    (found,) = decided(claims, own)
    assert found.said == "not run here"
    assert [(one.cell.asked, one.seeds, one.tuned) for one in found.missing] == [
        ("smora", (0, 2), False)
    ]
    assert commands(found.missing, claims.facts) == [
        "seesaw bench smora --track sentences@1 --seeds 0,2"
    ]


def test_failed_runs_and_trials_are_no_runs(tmp_path: Path) -> None:
    failed = [run("smora", seed, 0.9, status="failed", error="boom") for seed in range(5)]
    trials = [trial("smora", n, 1e-3, 0.9) for n in range(1, 5)]
    own = [*runs({"lora": 0.7}), *failed, *trials]
    assert verdict(tmp_path, f'rule = "better"\n{PAIR}', own) == "not run here"


def test_tuned_entries_go_first_and_may_be_asked_for(tmp_path: Path) -> None:
    plain = runs({"lora": 0.7, "smora": 0.8}, noise=0.001)
    tuned = [
        tuned_run(entry, seed, score, 0.001)
        for entry, score in (("lora", 0.8), ("smora", 0.7))
        for seed in range(5)
    ]
    part = f'rule = "better"\n{PAIR}'
    assert verdict(tmp_path, part, plain) == "confirmed"
    assert verdict(tmp_path, part, [*plain, *tuned]) == "refuted"
    assert verdict(tmp_path, part, [*plain, *tuned[:5]]) == "confirmed"
    assert verdict(tmp_path, f"{part}\ntuned = true", plain) == "not run here"
    (found,) = decided(parsed(tmp_path, claim(f"{part}\ntuned = true")), plain)
    assert all(one.tuned for one in found.missing)


def test_entries_have_options_and_budgets_of_their_own(tmp_path: Path) -> None:
    small = runs({"smora+active=4": 0.9}, noise=0.001, spec={"budget": 500})
    part = 'rule = "better"\npairs = [["smora[active=4] @ 500", "lora"]]'
    assert verdict(tmp_path, part, [*runs({"lora": 0.7}), *small]) == "confirmed"
    assert verdict(tmp_path, part.replace("500", "600"), small) == "not run here"


TREND = """
entry = "smora"
over = "lora"
points = [{ at = 0, entry = "smora[part=4]" }, { at = 1, entry = "smora[part=2]" }, { at = 2 }]
rule = """


@pytest.mark.parametrize(
    ("rule", "last", "expected"),
    [
        ("rises", 0.8, "confirmed"),
        ("falls", 0.8, "refuted"),
        ("falls", 0.6, "confirmed"),
        ("flat", 0.7, "confirmed"),
        ("flat", 0.8, "refuted"),
        ("rises", 0.7, "equivalent"),
    ],
)
def test_a_trend(tmp_path: Path, rule: str, last: float, expected: str) -> None:
    scores = {"lora": 0.7, "smora+part=4": 0.7, "smora+part=2": (0.7 + last) / 2, "smora": last}
    own = runs(scores, noise=0.0005)
    assert verdict(tmp_path, f'{TREND}"{rule}"', own) == expected
    assert verdict(tmp_path, f'{TREND}"{rule}"', own[:-5]) == "not run here"


def test_a_trend_over_tracks_and_over_numbers_of_tasks(tmp_path: Path) -> None:
    part = """
    rule = "falls"
    entry = "lora"
    scored = ["a"]
    points = [{ at = 0 }, { at = 1, track = "scenes@1" }, { at = 2, tasks = ["a"] }]
    """
    other = runs({"lora": 0.6}, spec={"track": "scenes@1", "data_sha256": {"a": "2" * 64}})
    alone = runs({"lora": 0.5}, spec={"track": "sentences@1-a", "tasks": ["a"]})
    own = [*runs({"lora": 0.7}), *other, *alone]
    assert verdict(tmp_path, part, own) == "confirmed"
    assert verdict(tmp_path, part, own[:10]) == "not run here"


def test_quantities_of_other_items_keep_their_variance_and_add_it_up() -> None:
    rng = np.random.default_rng(0)
    own = [
        Quantity({0: 1.0, 1: 2.0}, {300: np.tile(rng.standard_normal(300), (2, 1))})
        for _ in range(3)
    ]
    one, two, three = apart(own)
    alone = [part.item_variance for part in own]
    assert [p.item_variance for p in (one, two, three)] == pytest.approx(alone, rel=0.01)
    assert (one - two + three).item_variance == pytest.approx(sum(alone), rel=0.01)
    assert (own[0] - own[0]).item_variance == 0


def shared(*loads: float) -> dict[str, RoutingStatistics]:
    return {
        f"blocks.{place}": RoutingStatistics(
            load=[1 - own, own], entropy=own, dead=0.0, task_information=0.0
        )
        for place, own in enumerate(loads)
    }


@pytest.mark.parametrize(
    ("loads", "expected"), [((0.6, 0.4, 0.2), "confirmed"), ((0.2, 0.4, 0.6), "refuted")]
)
def test_shared_experts_by_depth(tmp_path: Path, loads: tuple[float, ...], expected: str) -> None:
    own = [
        run("ase", seed, 0.7, spec={"config": {"always": 1}}, routing=shared(*loads))
        for seed in range(3)
    ]
    assert verdict(tmp_path, 'rule = "shared_early"\nentry = "ase"', own) == expected
    plain = runs({"ase": 0.7})
    assert verdict(tmp_path, 'rule = "shared_early"\nentry = "ase"', plain) == "not run here"


def test_use_of_experts_is_compared_too(tmp_path: Path) -> None:
    part = f'rule = "better"\n{PAIR}\nmeasure = "entropy"\nmargin = 1.0'
    own = [
        run(entry, seed, 0.7, routing=shared(load + 0.001 * seed))
        for entry, load in (("lora", 0.2), ("smora", 0.4))
        for seed in range(3)
    ]
    assert verdict(tmp_path, part, own) == "confirmed"


def test_counts_of_parameters_and_step_times(tmp_path: Path) -> None:
    few = COUNTS.model_copy(update={"adapter": 600})
    own = [*runs({"molora": 0.7}), *runs({"malora": 0.7}, parameters=few)]
    part = 'rule = "at_most"\npair = ["malora", "molora"]\ncount = '
    assert verdict(tmp_path, f'{part}"parameters"\ntimes = 0.7', own) == "confirmed"
    assert verdict(tmp_path, f'{part}"parameters"\ntimes = 0.5', own) == "refuted"
    speed = [speed_record("malora", 1.0), speed_record("molora", 1.3)]
    assert verdict(tmp_path, f'{part}"step"\ntimes = 0.8', [], speed) == "confirmed"
    assert verdict(tmp_path, f'{part}"step"\ntimes = 0.8', [], speed[:1]) == "not run here"


def test_the_front_is_lost_to_whoever_is_as_good_for_no_more(tmp_path: Path) -> None:
    cost = record(None).cost
    assert cost is not None
    dear = cost.model_copy(update={"flops_train": 9.0})
    part = 'rule = "front"\nentry = "smora"\namong = ["lora", "mode"]'
    own = [
        *runs({"lora": 0.7, "smora": 0.8}, noise=0.001),
        *runs({"mode": 0.9}, noise=0.001, cost=dear),
    ]
    assert verdict(tmp_path, part, own) == "confirmed"
    assert verdict(tmp_path, part, [*own[:10], *runs({"mode": 0.8})]) != "confirmed"
    cheap = [*runs({"smora": 0.7}), *runs({"lora": 0.9, "mode": 0.9}, cost=dear)]
    assert verdict(tmp_path, part, cheap) == "confirmed"
    assert verdict(tmp_path, part, own[:10]) == "not run here"


def test_the_chance_to_be_best_is_that_of_many_draws() -> None:
    gains = np.array([0.0, 1.0, 0.8, -np.inf])
    rng = np.random.default_rng(0)
    drawn = gains + 0.5 * rng.standard_normal((100_000, 4))
    share = np.bincount(drawn.argmax(1), minlength=4) / 100_000
    assert chances(gains, 0.5) == pytest.approx(share, abs=0.01)
    assert chances(gains, 0.0).tolist() == [0, 1, 0, 0]


def test_a_ratio_of_rates() -> None:
    one = Best(np.array([1.0, 2.0]), np.array([0.5, 0.5]))
    sure = Best(np.array([1.0, 2.0]), np.array([0.0, 1.0]))
    own = Ratio.of(one, sure)
    assert own.interval() == (0.5, 1.0)
    assert own.p_value == 1.0
    assert Ratio.of(sure, Best(np.array([0.5]), np.array([1.0]))).p_value == 0.0


def tried(entry: str, best: int) -> list:
    rates = (1e-4, 3e-4, 1e-3, 3e-3)
    trials = [
        trial(entry, n, rate, 0.8 if n == best else 0.5) for n, rate in enumerate(rates, start=1)
    ]
    return [*trials, *(tuned_run(entry, seed, 0.8) for seed in range(5))]


def test_best_learning_rates(tmp_path: Path) -> None:
    reference = trial("lora", 0, 5e-4, 0.6)
    apart_, alike = [reference, *tried("lora", 1), *tried("smora", 4)], tried("smora", 1)
    part = f"{PAIR}\nratio = [0.5, 2.0]\nrule = "
    assert verdict(tmp_path, f'{part}"rates_differ"', apart_) == "confirmed"
    assert verdict(tmp_path, f'{part}"rates_within"', apart_) == "refuted"
    same = [*apart_[:10], *alike]
    assert verdict(tmp_path, f'{part}"rates_differ"', same) == "equivalent"
    assert verdict(tmp_path, f'{part}"rates_within"', same) == "confirmed"
    assert verdict(tmp_path, f'{part}"rates_within"', same[:-8]) == "not run here"


def test_a_page_is_the_same_from_the_same_records_and_its_text_does_nothing(
    tmp_path: Path,
) -> None:
    evil = "a|b<script>*x*[y](z)`"
    row = (
        f"""id = "1"\nsays = "{evil}"\npaper = "p"\nnumber = "n"\ncommand = "c"\nnote = "{evil}" """
    )
    claims = parsed(tmp_path, claim(f'rule = "better"\n{PAIR}', row))
    own = runs({"lora": 0.7, "smora": 0.8}, seeds=3)
    pages = [
        markdown(decided(claims, records), claims.facts, "../results")
        for records in (own, list(reversed(own)))
    ]
    assert pages[0] == pages[1]
    assert "<script>" not in pages[0]
    assert r"a\|b&lt;script&gt;\*x\*\[y\](z)\`" in pages[0]
    assert "smora over lora" in pages[0]
    assert f"[1](../results/{own[1].path}.json)" in pages[0]
    assert "--seeds 3,4" in pages[0]
