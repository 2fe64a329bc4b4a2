"""docs/trust.md says what marked tests try."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from local.settings import ROOT
from tests.support.figures import Figure, Noted, figures, write_figure
from tests.support.golden import Golden
from tests.support.trust import Case, cases, page, undated

TRUST = ROOT / "docs" / "trust.md"
TEST = '''"""Dates and numbers of other countries.

More.
"""
@pytest.mark.field("9", "An American file", "refused")
@pytest.mark.field("h7", "A number | too small", "quarantined")
def test_one(lake): ...
@pytest.mark.slow
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.field("8", "A Swiss amount", "right"))])
def test_two(x): ...
'''


def test_a_case_is_a_mark_of_a_test(tmp_path: Path) -> None:
    folder = tmp_path / "field"
    folder.mkdir()
    (folder / "test_a.py").write_text(TEST)
    group, command = (
        "Dates and numbers of other countries",
        "./lake test --only-pytest tests/field/test_a.py -k ",
    )
    assert cases(folder) == [
        Case("9", "An American file", "refused", group, command + "test_one"),
        Case("h7", "A number | too small", "quarantined", group, command + "test_one"),
        Case("8", "A Swiss amount", "right", group, command.replace("test ", "test --slow ", 1) + "test_two"),
    ]
    text = page(cases(folder), "2026-01-02", {})
    assert "**Silently wrong: 0** of 3 cases: 1 are read right, 1 have" in text
    assert f"| h7 | A number \\| too small | quarantined | `{command}test_one` |" in text
    assert undated(text) == undated(page(cases(folder), "2027-11-30", {}))


def test_a_mark_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test_a.py").write_text('@pytest.mark.field("9", "A file", "fine")\ndef test_one(): ...\n')
    with pytest.raises(ValueError, match=r"test_a\.py: test_one: field"):
        cases(tmp_path)


@pytest.mark.golden
def test_the_page_is_that_of_the_tests(golden: Golden) -> None:
    golden.compare_page(TRUST, page(cases(), dt.date.today().isoformat(), figures()), undated)


def test_a_figure_takes_the_place_of_an_older_one_and_is_shown(tmp_path: Path) -> None:
    place, today = tmp_path / "figures.json", dt.date.today().isoformat()
    for found in ("9 of 10", "10 of 10"):
        write_figure("Rows kept", "a shop", found, "./lake test -k rows", place)
    write_figure("Faults", "a crash", "0 lost", "./lake test --slow -k crash", place)
    assert figures(place) == {
        "Faults": {"a crash": Figure("0 lost", "./lake test --slow -k crash", today)},
        "Rows kept": {"a shop": Figure("10 of 10", "./lake test -k rows", today)},
    }
    text = page([], "2026-01-02", figures(place))
    assert f"| Rows kept | a shop | 10 of 10 | {today} | `./lake test -k rows` |" in text


def test_an_ordinary_run_keeps_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[str] = []
    monkeypatch.setattr("tests.support.figures.write_figure", lambda *told: kept.append(told[2]))
    Noted(write=False, command="./lake test")("Rows kept", "a shop", "10")
    Noted(write=True, command="./lake test")("Rows kept", "a shop", "11")
    assert kept == ["11"]
    counting = Noted(write=True, command="./lake test")
    counting.add("Cells", "a shop", 1_000)
    counting.add("Cells", "a shop", 500)
    assert kept[1:] == ["1,000", "1,500"]
