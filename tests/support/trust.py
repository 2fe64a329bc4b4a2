"""docs/trust.md, from marks of tests: what was tried, and what became of it."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.figures import Figure, section

TESTS = Path(__file__).parents[1]
FOLDERS = tuple(TESTS / name for name in ("field", "unit", "engine", "stack", "domains"))
VERDICTS = ("right", "quarantined", "refused")
DATE = re.compile(r"(?<=on )\d{4}-\d{2}-\d{2}(?=\.)")
HEAD = """# What was tried on the product, and what became of it

Each line is an input that people who do this job have met, and a test with a literal input and a literal
expected value: `./lake test` runs them all, on the real ingestion code and real Spark.
This page is written from the tests by `./lake test --write-golden`; a test fails when it is out of date.

**Silently wrong: 0** of {total} cases: {right} are read right, {quarantined} have their rows quarantined with a
reason that says what to do, {refused} are refused as a file with such a reason.
Last written on {date}.

- **right**: the value in the table is the one that was meant.
- **quarantined**: the row is kept whole with its reason, and can be replayed; the rows beside it are in the table.
- **refused**: the file is kept whole with its reason; none of its rows is in a table.

A number is a case of the field (public threads of other tools), `h` one of the hostile inputs, and 17 the demands
on values, change data and files. Faults, load and mutated files have [numbers](#numbers) at the end.
"""


@dataclass(frozen=True)
class Case:
    """One mark. `group`: the first line of its file's docstring; `command` runs its test alone."""

    number: str
    title: str
    verdict: str
    group: str
    command: str


def cases(*folders: Path) -> list[Case]:
    """In the order of files and tests. Raises ValueError for a mark that is not of three literal texts, or a
    verdict that is none.
    """
    paths = [path for folder in folders or FOLDERS for path in sorted(folder.glob("test_*.py"))]
    return [case for path in paths for case in _of_file(path)]


def _of_file(path: Path) -> Iterator[Case]:
    module = ast.parse(path.read_text("utf-8"))
    group = (ast.get_docstring(module) or path.stem).partition("\n\n")[0].replace("\n", " ").rstrip(".")
    for test in ast.walk(module):
        if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
            continue
        slow = "--slow " if any(ast.unparse(d) == "pytest.mark.slow" for d in test.decorator_list) else ""
        place = f"tests/{path.parent.name}/{path.name}"
        command = f"./lake test {slow}--only-pytest {place} -k {test.name}"
        for mark in _marks(test):
            texts = [ast.literal_eval(a) for a in mark.args]
            if len(texts) != 3 or texts[2] not in VERDICTS:
                raise ValueError(f"{path.name}: {test.name}: field(case, title, {' | '.join(VERDICTS)})")
            yield Case(*texts, group, command)


def _marks(test: ast.FunctionDef) -> Iterator[ast.Call]:
    for decorator in test.decorator_list:
        for call in ast.walk(decorator):  # a mark may stand in a parameter of parametrize
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.field":
                yield call


def page(found: list[Case], date: str, measured: dict[str, dict[str, Figure]]) -> str:
    """`measured`: figures of tests that are not of the field."""
    counts = Counter(case.verdict for case in found)
    parts = [HEAD.format(total=len(found), date=date, **{v: counts[v] for v in VERDICTS})]
    for group in dict.fromkeys(case.group for case in found):
        own = [c for c in found if c.group == group]
        rows = [
            f"| {c.number} | {c.title.replace('|', chr(92) + '|')} | {c.verdict} | `{c.command}` |"
            for c in own
        ]
        parts.append(
            "\n".join(
                [f"## {group}\n", "| case | what was tried | verdict | try it |", "|---|---|---|---|", *rows]
            )
        )
    return "\n".join([*parts, section(measured)]) + "\n"


def undated(text: str) -> str:
    """The page whatever day it was written."""
    return DATE.sub("", text)
