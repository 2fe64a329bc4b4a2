"""What `./lake test` says of all its calls of pytest together."""

from __future__ import annotations

import argparse
import sys

import pytest

from cli.test_totals import Call, closing_line, failures
from cli.verbs import checks

GOOD = Call("tests/unit", 0, "....\n========= 3051 passed, 54 deselected in 1561.49s (0:26:01) =========\n")
QUIET = Call("tests/field", 0, "....\n142 passed, 1 skipped, 1 warning in 465.47s (0:07:45)\n")
BAD = Call(
    "tests/engine",
    1,
    "..F\nFAILED tests/engine/test_kills.py::test_a - assert 1 == 2\n"
    "ERROR tests/engine/test_lock.py - OSError\n"
    "==== 1 failed, 146 passed, 2 errors in 60.00s (0:01:00) ====\nsubprocess 2793 is still running\n",
)
KILLED = Call("tests/domains", -9, "tests/domains/test_x.py ...")
EMPTY = Call("tests/unit", 5, "\n211 deselected in 0.31s\n")
NONE = Call("tests/unit", 5, "\nno tests ran in 0.31s\n")


def test_the_closing_line_is_the_sum_of_all_calls() -> None:
    line = closing_line([GOOD, QUIET, BAD, EMPTY, NONE], 0, 3700.5)
    assert line.strip("= ") == (
        "1 failed, 3339 passed, 1 skipped, 265 deselected, 1 warning, 2 errors in 3700.50s (1:01:40)"
    )
    assert line.startswith("= ")
    assert line.endswith(" =")


def test_a_gate_and_a_call_that_died_are_errors_in_it() -> None:
    assert " 142 passed, 1 skipped, 1 warning, 2 errors in 9.00s (0:00:09) " in closing_line(
        [QUIET, KILLED], 1, 9
    )


def test_nothing_found_is_said_as_pytest_says_it() -> None:
    assert " no tests ran in 1.00s (0:00:01) " in closing_line([NONE], 0, 1)


def test_what_failed_is_named_again_at_the_end() -> None:
    assert failures([GOOD, BAD, QUIET, KILLED, EMPTY]) == [
        "FAILED tests/engine/test_kills.py::test_a - assert 1 == 2",
        "ERROR tests/engine/test_lock.py - OSError",
        "tests/domains: pytest ended with code -9; what it said is above",
    ]


def test_an_exit_code_without_a_failed_test_is_named() -> None:
    """As that of a run that a plugin or an interrupt ended."""
    assert failures([Call("tests/unit", 2, "==== 10 passed in 1.00s ====\n")]) == [
        "tests/unit: pytest ended with code 2; what it said is above"
    ]


@pytest.mark.parametrize("code", [0, 1])
def test_the_verb_ends_with_the_sum_and_the_worst_code(
    code: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = {"first": "print('== 2 passed in 0.10s ==')", "second": ""}
    said["second"] = f"print('FAILED x::y'); print('== 1 failed in 0.10s =='); raise SystemExit({code})"
    monkeypatch.setattr(checks, "_places", lambda rest, own: [["first"], ["second"]])
    monkeypatch.setattr(checks, "_pytest", lambda arguments, places: [sys.executable, "-c", said[places[0]]])
    arguments = argparse.Namespace(only_pytest=True, write_golden=False, slow=False, rest=[])
    assert checks.execute(arguments) == code
    lines = capfd.readouterr().out.splitlines()
    assert lines[-2] == "FAILED x::y"
    assert "1 failed, 2 passed in " in lines[-1]
