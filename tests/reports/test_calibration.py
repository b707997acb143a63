"""What is computed from a calibration, and how it is shown, from synthetic runs."""

from __future__ import annotations

from pathlib import Path
from statistics import stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import calibration, calibration_run, calibration_task, outcomes_of, record, spec

from seesaw.reports.calibration import Calibrated
from seesaw.reports.calibration_page import PAGE, left_out, markdown
from seesaw.reports.leaderboard import build
from seesaw.reports.power import detectable
from seesaw.reports.targets import Target, targets
from seesaw.suite.records.calibration import Calibration, Condition
from seesaw.suite.records.store import Store

LORA = [{"a": 70.0, "b": 80.0}, {"a": 71.0, "b": 80.0}, {"a": 72.0, "b": 83.0}]
ROUTED = [{"a": 72.0, "b": 80.0}, {"a": 72.0, "b": 81.0}, {"a": 75.0, "b": 85.0}]
WORSE = [{"a": own["a"] - 10, "b": own["b"] - 6 - seed} for seed, own in enumerate(LORA)]
TABLE = {"lora": LORA, "routed": ROUTED, "eighth": WORSE, "heads": WORSE, "tenth": LORA}
ANGLES = [{"a": 70.0, "b": 21.0}, {"a": 72.0, "b": 20.0}, {"a": 71.0, "b": 22.0}]
MIXED = {
    "a": calibration_task(),
    "b": calibration_task(primary="mean_deg", unit="degrees", lower_is_better=True, constant=30.0),
}


def without(own: Calibration, condition: Condition, seed: int, **ending: object) -> Calibration:
    """The calibration where one run ended badly."""
    lost = calibration_run(condition, seed, scores={}, **ending)
    key = (condition, seed)
    runs = [lost if (run.condition, run.seed) == key else run for run in own.runs]
    return own.model_copy(update={"runs": runs})


def by_name(own: Calibration) -> dict[str, Target]:
    return {target.what: target for target in targets(Calibrated(own))}


def test_noise_of_tasks_and_of_their_average() -> None:
    found = Calibrated(calibration(TABLE))
    a, b = found.rows
    assert (a.lora.mean, a.lora.sd) == (71.0, 1.0)
    assert (a.from_constant, a.from_ceiling, a.n) == (21.0, 29.0, 4)
    assert (b.lora.mean, b.routed and b.routed.mean) == (81.0, 82.0)
    assert a.paired_sd == pytest.approx(stdev([2.0, 1.0, 3.0]))
    average = found.average
    assert average.paired_sd == pytest.approx(stdev([1.0, 1.0, 2.5]))
    assert average.detectable == pytest.approx(detectable(stdev([1.0, 1.0, 2.5]), 5))
    assert (average.constant, average.from_constant, average.from_ceiling) == (50.0, 26.0, 24.0)
    assert (a.item_sd, average.item_sd) == (1.0, pytest.approx(0.5**0.5))


def test_losses_that_are_sure_are_seen_and_others_are_not() -> None:
    eighth, heads, tenth = Calibrated(calibration(TABLE)).sensitivities
    assert eighth.average is not None
    assert eighth.average.mean == pytest.approx(-8.5)
    assert (eighth.seen, heads.seen, tenth.seen) == (True, True, False)
    assert eighth.tasks["a"] is not None
    assert eighth.tasks["a"].mean == pytest.approx(-10)


def test_a_gain_where_a_loss_is_known_to_be_is_not_seen() -> None:
    better = [{"a": own["a"] + 10, "b": own["b"] + 10} for own in LORA]
    eighth, *_ = Calibrated(calibration(TABLE | {"eighth": better})).sensitivities
    assert eighth.average is not None
    assert eighth.average.low > 0
    assert not eighth.seen


def test_conflict_is_compared_with_its_absence_and_only_where_there_is_the_dial() -> None:
    assert len(Calibrated(calibration(TABLE)).sensitivities) == 3
    dial = TABLE | {"conflict0": LORA, "conflict1": WORSE}
    conflict = Calibrated(calibration(dial)).sensitivities[-1]
    assert conflict.name == "conflict 1 against 0"
    assert conflict.seen


def test_less_is_better_where_the_metric_says_so() -> None:
    worse = [{"a": own["a"] - 9, "b": own["b"] + 9} for own in ANGLES]
    own = calibration({"lora": ANGLES, "routed": ANGLES[::-1], "heads": worse}, tasks=MIXED)
    found = Calibrated(own)
    _, angle = found.rows
    assert (angle.from_constant, angle.from_ceiling, angle.ceiling) == (9.0, 21.0, 0.0)
    (heads,) = found.sensitivities
    assert heads.tasks["b"] is not None
    assert heads.tasks["b"].mean == pytest.approx(-9)
    assert heads.seen
    # in other units than points, limits are parts of what lies between constant and ceiling
    assert by_name(own)["seed deviation of a task at most 2.5"].said == "b by 0.25"


def test_where_units_differ_the_average_is_delta_m_to_lora() -> None:
    found = Calibrated(calibration({"lora": ANGLES, "routed": ANGLES}, tasks=MIXED))
    average = found.average
    assert (average.name, average.constant, average.from_ceiling) == ("Δm", None, None)
    assert average.lora.mean == pytest.approx(0.0, abs=1e-9)
    gains = [100 * ((o["a"] - 71) / 71 - (o["b"] - 21) / 21) / 2 for o in ANGLES]
    assert average.lora.sd == pytest.approx(stdev(gains))
    assert average.item_sd == pytest.approx(50 * (1 / 71**2 + 1 / 21**2) ** 0.5)


def test_a_diverged_run_is_named_and_part_of_no_number() -> None:
    own = without(calibration(TABLE), "lora", 2, status="diverged", error="loss is nan at step 3")
    found = Calibrated(own)
    assert left_out(found) == ["lora (lora) seed 2: diverged: loss is nan at step 3"]
    assert found.rows[0].lora.mean == 70.5
    assert found.rows[0].routed is not None
    assert found.rows[0].routed.mean == 73.0
    assert found.average.paired_sd == pytest.approx(stdev([1.0, 1.0]))
    assert found.sensitivities[0].average is not None
    assert found.sensitivities[0].average.seeds == 2
    assert "Left out:\n\n- lora (lora) seed 2: diverged" in markdown([own])


def test_what_too_few_runs_leave_open_is_no_target_met() -> None:
    own = calibration(TABLE)
    for seed in (0, 1):
        own = without(own, "routed", seed, status="oom", error="no memory")
        own = without(own, "heads", seed, status="oom", error="no memory")
    found = by_name(own)
    for what in ("detectable difference of the average at most 1.0", "sees heads only"):
        assert not found[what].met
        assert "too few runs ended well" in found[what].said
    assert "too few runs" in markdown([own])


def test_targets_say_what_is_missed_and_by_how_much() -> None:
    noisy = [{"a": 52.0, "b": 98.0}, {"a": 58.0, "b": 98.5}, {"a": 55.0, "b": 99.0}]
    found = by_name(calibration(TABLE | {"lora": noisy, "routed": noisy}))
    said = {what: (own.met, own.said) for what, own in found.items()}
    # a sixth of the range from 50 to 100 is less than 10 points
    near = "every task 10 points or a sixth of its range from the "
    assert said[f"{near}constant answer"] == (False, "a by 3.33")
    assert said[f"{near}ceiling"] == (False, "b by 6.83")
    assert said["seed deviation of a task at most 2.5"] == (False, "a by 0.50")
    assert said["seed deviation of the average at most 1.0"] == (False, "average by 0.64")
    detectable_one = said["detectable difference of the average at most 1.0"]
    assert detectable_one == (True, "average has 1.00 to spare")


@given(st.lists(st.floats(-20, 20), min_size=3, max_size=3), st.floats(-30, 30))
def test_what_all_seeds_gain_alike_moves_no_deviation(noise: list[float], gain: float) -> None:
    lora = [{"a": 60 + x, "b": 60 - x / 2} for x in noise]
    routed = [{name: value + gain for name, value in own.items()} for own in lora]
    average = Calibrated(calibration({"lora": lora, "routed": routed})).average
    assert average.paired_sd == pytest.approx(0.0, abs=1e-9)
    assert average.routed is not None
    assert average.routed.mean - average.lora.mean == pytest.approx(gain, abs=1e-9)


def test_the_page_and_the_line_at_the_board(tmp_path: Path) -> None:
    store, own = Store(str(tmp_path / "results")), calibration(TABLE)
    store.add(record(outcomes_of(), spec("lora")), {".parquet": outcomes_of()})
    store.add(record(outcomes_of(), spec("lora", budget=125)), {".parquet": outcomes_of()})
    store.add(own)
    scan = store.scan()
    assert (scan.damaged, scan.calibrations) == ({}, [own])
    build(scan.records, scan, tmp_path, scan.calibrations)
    page = (tmp_path / PAGE).read_text()
    assert "## sentences@1, 1,000 parameters, smora" in page
    (row,) = [line for line in page.splitlines() if line.startswith("| a (accuracy)")]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:10] == ["4", "71.0", "73.0", "50.0", "100.0", "21.0", "29.0", "1.00", "1.00"]
    board = (tmp_path / "LEADERBOARD.md").read_text()
    limit = detectable(stdev([1.0, 1.0, 2.5]), 5)
    assert board.count(f"Differences under {limit:.1f} points of the average cannot be seen") == 1
    _, first, second = board.split("\n## ")[1:]
    assert "cannot be seen" in first
    assert "cannot be seen" not in second


def test_only_the_newest_calibration_is_shown(tmp_path: Path) -> None:
    store = Store(str(tmp_path))
    old = store.add_if_new(calibration(TABLE))
    assert store.add_if_new(calibration(TABLE)) == old
    new = store.add_if_new(calibration(TABLE | {"lora": ROUTED}))
    assert (old.attempt, new.attempt) == (1, 2)
    page = markdown(store.scan().calibrations)
    assert page.count("\n## ") == 1
    assert page == markdown([new])


def test_without_calibrations_there_is_still_a_page() -> None:
    assert "No calibrations yet" in markdown([])
