"""Which project the tests see: their own, or, for the tests of the shipped domains, the product's.

The core's tests know no shipped domain, so that a company that removes them all still has every test of the
core.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.golden import OPTION, Golden

if TYPE_CHECKING:
    from tests.support.figures import Noted

TESTS = Path(__file__).parent
PROJECT = TESTS / "project"
FIELD = TESTS / "field"
GOLDEN = pytest.StashKey[Golden]()
FIGURES = "--write-figures"
SCREENSHOTS = "--write-screenshots"
COUNTED = pytest.StashKey[Counter[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(OPTION, action="store_true", help="write the files that golden tests compare with")
    parser.addoption(SCREENSHOTS, action="store_true", help="write the pictures of docs/howto/console.md")
    parser.addoption(FIGURES, action="store_true", help="write what is measured into docs/trust-figures.json")


def pytest_configure(config: pytest.Config) -> None:
    """Chooses the project before any test module is imported: contracts are read once a process."""
    places = [Path(arg.partition("::")[0]).absolute() for arg in config.args]
    projects = {_project_of(p) for p in places}
    if len(projects) > 1:
        raise pytest.UsageError(
            "tests of domains, of the field and the others see a project each: run them by themselves"
        )
    if project := next(iter(projects), None):
        os.environ["LAKE_PROJECT"] = str(project)
    config.stash[COUNTED] = Counter()
    config.stash[GOLDEN] = Golden(write=config.getoption(OPTION))


def _project_of(place: Path) -> Path | None:
    """The project that the tests of a place see; None: the one that was chosen from outside."""
    if place.is_relative_to(FIELD):
        return FIELD
    return PROJECT if place.is_relative_to(TESTS) and not place.is_relative_to(TESTS / "domains") else None


@pytest.fixture(scope="session")
def golden(pytestconfig: pytest.Config) -> Golden:
    """For tests marked `golden`."""
    return pytestconfig.stash[GOLDEN]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Noted:
    """Keeps what a test measured, for docs/trust.md."""
    # Not above: it reads the project, which is chosen first.
    from tests.support.figures import Noted

    file, _, name = request.node.nodeid.partition("::")
    slow = "--slow " if request.node.get_closest_marker("slow") else ""
    test = name.partition("[")[0]
    command = f"./lake test {slow}--only-pytest {file} -k {test}"
    return Noted(request.config.getoption(FIGURES), command, request.config.stash[COUNTED])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption(OPTION):
        changes = config.stash[GOLDEN].changes
        terminalreporter.section("golden files written")
        terminalreporter.write_line("\n".join(changes) or "nothing changed")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`pytest tests` are those of the core."""
    other = collection_path.is_relative_to(TESTS / "domains") or collection_path.is_relative_to(FIELD)
    return True if other and os.environ.get("LAKE_PROJECT") == str(PROJECT) else None
