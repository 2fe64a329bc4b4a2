"""The gates on templates: security rules, CloudFormation's own grammar, and what a synthesis needs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stack.conftest import Assembly
from tests.support.everything import EVERYTHING
from tests.support.gate import PROTECTED_RULES, RULES, Gated, gated, grammar_faults

ROOT = Path(__file__).parents[2]
OF = {("dev", "test"): RULES, ("prod",): PROTECTED_RULES, ("full",): PROTECTED_RULES}


@pytest.fixture(scope="module", params=OF, ids="-".join)
def passed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Gated:
    return gated(tmp_path_factory.mktemp("gate"), request.param, {"full": EVERYTHING})


def test_the_security_rules_find_nothing_that_was_not_accepted(passed: Gated) -> None:
    assert passed.findings == {}
    assert passed.idle(OF[passed.envs]) == []
    for file in passed.templates:
        assert "${Token[" not in file.read_text(), file


def test_a_synthesis_starts_node_once_and_no_other_program(passed: Gated) -> None:
    """Neither git nor Docker nor pip: it is quick, and the same wherever it runs."""
    assert [Path(p).stem for p in passed.programs] == ["node"]


def test_findings_are_accepted_one_by_one_with_a_reason_never_for_a_whole_stack() -> None:
    """`accept` and `Access.allow` take one resource; nothing else in stacks/ may silence a rule."""
    silencing = {p.name for p in (ROOT / "stacks").rglob("*.py") if "acknowledge(" in p.read_text("utf-8")}
    assert silencing == {"accepted.py", "access.py"}
    for path in (ROOT / "stacks").rglob("*.py"):
        assert not re.search(r"accept\((self|stack|scope|app)\b(?!\.)", path.read_text("utf-8")), path


def test_cloudformation_finds_no_fault_in_any_template(assembly: Assembly, full: Assembly) -> None:
    assert grammar_faults([*assembly.files.values(), *full.files.values()]) == ""
