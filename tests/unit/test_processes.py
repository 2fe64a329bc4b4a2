"""Programs that are run to their end."""

from __future__ import annotations

import sys
from pathlib import Path

from local.processes import run


def python(program: str) -> list[str]:
    return [sys.executable, "-c", program]


def test_a_program_that_fails_is_told_by_the_end_of_its_errors() -> None:
    ended = run(python("import sys; print('the result'); sys.exit('x' * 3000 + ' it broke')"))
    assert (ended.code, ended.output) == (1, "the result\n")
    assert len(ended.words()) == 1500
    assert ended.words(8) == "it broke"


def test_a_program_without_errors_is_told_by_its_output() -> None:
    assert run(python("print('refused'); raise SystemExit(2)")).words() == "refused"


def test_folder_and_environment_are_as_given(tmp_path: Path) -> None:
    ended = run(
        python("import os; print(os.getcwd(), os.environ['GIVEN'])"), cwd=tmp_path, env={"GIVEN": "here"}
    )
    assert ended.output == f"{tmp_path.resolve()} here\n"
