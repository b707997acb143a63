"""What is said of bad claims, and that the claims we ship are good ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from claimed import ROW, claim, parsed

from seesaw.commands.arguments import facts_of
from seesaw.commands.claim_runs import check
from seesaw.reports.claims.page import words
from seesaw.reports.claims.read import FILE, ClaimError, Claims, read

GOOD = 'rule = "better"\npairs = [["smora", "lora"]]'
TREND = 'rule = "rises"\nentry = "smora"\npoints = [{ at = 0 }, { at = 1, POINT }]'


@pytest.fixture(scope="module")
def shipped() -> Claims:
    return read(FILE, facts_of)


def test_every_row_of_the_list_is_there_and_every_name_in_it_exists(shipped: Claims) -> None:
    expected = ["1", "2", "2b", *map(str, range(3, 29))]
    assert [own.id for own in shipped.rows] == expected
    check(shipped)
    assert all(own.command.startswith("seesaw ") for own in shipped.rows)
    assert all(words(part) for own in shipped.rows for part in own.parts)


def test_most_rows_can_be_decided_here(shipped: Claims) -> None:
    assert sum(bool(own.parts) for own in shipped.rows) >= 14


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[claim", "claims.toml is not TOML"),
        ("[[clam]]", r"claims.toml: unknown key 'clam'; did you mean: claim\?"),
        ("claim = 3", "each under"),
        (claim(GOOD).replace("says", "sais"), "claim 1: unknown key 'sais'; did you mean: says"),
        (f"[[claim]]\n{ROW}", "claim 1: it must have either parts, or lacks"),
        (f'[[claim]]\n{ROW}\nlacks = ""\npart = 3', "claim 1: parts are tables"),
        (f'[[claim]]\n{ROW}\nparts = []', r"unknown key 'parts'; did you mean: part\?"),
        (claim(GOOD) + claim(GOOD), "claim 1: there are two of this id"),
        (claim(GOOD).replace('id = "1"', 'id = "x"'), "claim x: id is 'x': String should match"),
        (claim(GOOD.replace("better", "beter")), "1, part 1: unknown rule 'beter'; .* better"),
        (claim("entry = 'lora'"), "claim 1, part 1: unknown rule None"),
        (claim(f"{GOOD}\nmargn = 1"), "part 1: unknown key 'margn'; did you mean: margin"),
        (claim(f"{GOOD}\nmargin = -1"), "part 1: margin is -1: Input should be greater than 0"),
        (claim('rule = "better"\npairs = []'), "part 1: pairs"),
        (claim('rule = "better"\npairs = [["lora"]]'), "part 1: pairs.0"),
        (
            claim('rule = "better"\npairs = [["lora[", "lora"]]'),
            r"part 1: 'lora\[' is no entry such as smora",
        ),
        (
            claim(GOOD).replace("sentences@1", "sentence@1"),
            "part 1: unknown track 'sentence@1'; did you mean: sentences@1",
        ),
        (
            claim(TREND.replace("POINT", 'tasks = ["c"]')),
            "part 1: unknown task of sentences@1 'c'; did you mean: a, b",
        ),
        (claim(TREND.replace("POINT", "trak = 1")), "unknown key 'trak'; did you mean: track"),
        (
            claim(TREND.replace("POINT", 'track = "scene@1"')),
            "part 1: unknown track 'scene@1'; did you mean: scenes@1",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_by_file_row_and_field(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ClaimError) as error:
        parsed(tmp_path, text)
    assert re.search(message, str(error.value)), error.value
    assert "claims.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClaimError, match=r"cannot read .*none\.toml"):
        read(tmp_path / "none.toml", facts_of)


def test_a_track_without_its_version_is_asked_for_it(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(claim(GOOD).replace("sentences@1", "sentences"))
    with pytest.raises(ClaimError, match="'sentences' must be written 'sentences@2'"):
        read(tmp_path / "mine.toml", facts_of)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("smroa", "unknown method 'smroa'; did you mean: smora"),
        ("smora[actve=4]", "unknown field of smora 'actve'; did you mean: active"),
        ("smora[active=many]", "active is 'many'"),
        ("smora[active=0]", "active is 0"),
        ("molora[balance=1e-2]", r"must be written as records do: molora\+balance=0.01"),
    ],
)
def test_entries_are_held_against_the_methods(tmp_path: Path, entry: str, message: str) -> None:
    own = parsed(tmp_path, claim(f'rule = "better"\npairs = [["{entry}", "lora"]]'))
    with pytest.raises(ClaimError, match=f"claims.toml: claim 1, part 1: .*{message}"):
        check(own)


def test_a_backbone_that_steps_were_timed_on_must_be_one(tmp_path: Path) -> None:
    part = 'rule = "at_most"\npair = ["malora", "molora"]\ncount = "step"\ntimes = 1.0'
    own = parsed(tmp_path, claim(part).replace("sentences@1", "minilm-r64"))
    with pytest.raises(ClaimError, match="unknown backbone and rank 'minilm-r64'"):
        check(own)
    check(parsed(tmp_path, claim(part).replace("sentences@1", "minilm-l6-r64")))
