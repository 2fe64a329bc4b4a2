"""What people see: tables for counts, data as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal

import pytest

from local import console
from local.settings import ROOT


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_data_is_shown_as_sql_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_rows(
        ("year", "id", "share", "ok", "tags"), [(2026, 1234567, Decimal("0.50"), True, ["a", "[b]"])]
    )
    assert lines(capsys)[3] == "│ 2026 │ 1234567 │  0.50 │ true │ [a, [b]] │"


def test_counts_are_grouped(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table("files", ("dataset", "files"), [("a[b]c", 1234567)])
    assert lines(capsys)[4] == "│ a[b]c   │ 1,234,567 │"


def test_a_table_that_is_too_wide_turns_sideways(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_rows(("id", "message"), [(1, "x" * 200), (2, None)])
    assert lines(capsys) == [
        "row 1",
        "  id       1",
        "  message  " + "x" * 200,
        "row 2",
        "  id       2",
        "  message",
    ]


def test_control_characters_of_data_do_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_rows(("name",), [("a\x1b[31mb\nc",)])
    assert lines(capsys)[3] == "│ a\\x1b[31mb\\nc │"


def test_no_escape_codes_reach_a_file_whatever_the_environment_says() -> None:
    program = "from local.console import fail, print_table, say; print_table('t', ('a',), [(1,)]); say('b'); fail('c')"
    colours = {"FORCE_COLOR": "1", "TTY_COMPATIBLE": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={**os.environ, **colours},
        check=True,
    )
    assert "\x1b" not in done.stdout + done.stderr
