"""Every verb's arguments, result and exit codes, as machines, completion and the reference have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.completion.candidates import TABLE
from cli.exits import MEANING, Exit
from cli.main import VERBS, module_of
from shared.contracts import contract, domains
from stacks.config import environments
from tests.support.golden import Golden
from tests.support.verbs import actions, page, table

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "cli.md"
WITHOUT_RESULT = {
    "test": "passes its arguments to pytest, which has --junitxml",
    "bench": "passes its arguments to a benchmark, which has its own",
    "deploy": "passes its arguments to the CDK and shows what that says",
    "completion": "prints a script",
}


def lasting(text: str) -> str:
    return text


@pytest.mark.golden
def test_completion_knows_what_the_parsers_take(golden: Golden) -> None:
    golden.compare_page(TABLE, json.dumps(table(), indent=1, ensure_ascii=False) + "\n", lasting)


@pytest.mark.golden
def test_the_reference_says_what_the_parsers_take(golden: Golden) -> None:
    golden.compare_page(PAGE, page(), lasting)


def test_every_verb_with_a_result_writes_it_as_json_and_says_what_is_in_it() -> None:
    takes = {v for v in VERBS if any("--json" in a.option_strings for a in actions(v))}
    assert VERBS.keys() - takes == WITHOUT_RESULT.keys()
    assert {v for v in VERBS if getattr(module_of(v), "RESULT", None)} == takes


def test_every_argument_says_what_it_is() -> None:
    assert [(verb, action.dest) for verb in VERBS for action in actions(verb) if not action.help] == []


def test_what_completion_knows_by_heart_is_of_no_project() -> None:
    """The table is the product's; a project's names are looked up when they are asked for."""
    told = {
        choice
        for verb in table().values()
        for value in (*verb["options"].values(), *verb["positionals"])
        for choice in value.get("choices", ())
    }
    names = {*domains(), *environments(), *(d.name for name in domains() for d in contract(name).datasets)}
    assert told & names <= {"test"}  # an action of `contract`, too
    assert "lint" in told


def test_exit_codes_are_told_apart_and_documented() -> None:
    assert {int(code) for code in Exit} == {0, 1, 2, 3, 130}
    assert MEANING.keys() == set(Exit)
