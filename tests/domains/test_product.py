"""The product's own environments with all of its domains: gates, and logical ids that stay as they were released."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from shared.contracts import domains
from shared.project import ENVIRONMENTS
from stacks.config import environments, settings
from tests.conftest import PROJECT
from tests.domains.conftest import Product
from tests.stack.test_storage import CORE
from tests.support.gate import PROTECTED_RULES, RULES, grammar_faults
from tests.support.golden import Golden, content
from tests.support.stateful import WHY, ids_by_domain

HERE = Path(__file__).parent
GOLDEN = "stateful.json"


def test_the_security_rules_find_nothing_that_was_not_accepted(product: Product) -> None:
    for passed in product.passed:
        assert passed.findings == {}
        protected = all(settings(env).protected for env in passed.envs)
        assert passed.idle(PROTECTED_RULES if protected else RULES) == []


def test_cloudformation_finds_no_fault_in_any_template(product: Product) -> None:
    assert grammar_faults(file for passed in product.passed for file in passed.templates) == ""


def test_the_core_s_stateful_resources_have_the_ids_of_the_core_s_own_tests(product: Product) -> None:
    """In environments that are the same here and there: a project may choose others."""
    same = tomllib.loads((PROJECT / ENVIRONMENTS).read_text("utf-8"))
    for env in (e for e in environments() if environments()[e] == same.get(e)):
        found = {f"{env}/{place}" for place in ids_by_domain(product.assembly, env, domains())[None]}
        assert found == {place for place in content(CORE) if place.startswith(f"{env}/")}


@pytest.mark.golden
@pytest.mark.parametrize("domain", sorted({*domains(), *(p.parent.name for p in HERE.glob(f"*/{GOLDEN}"))}))
def test_a_domain_s_stateful_resources_keep_their_logical_ids_in_every_environment(
    product: Product, golden: Golden, domain: str
) -> None:
    path = HERE / domain / GOLDEN
    if domain not in domains():
        pytest.skip(f"{domain} is gone")
    if not path.exists() and not golden.write:
        pytest.skip(f"{domain} was never recorded: `./lake test --write-golden` does it")
    having = [env for env in environments() if domain in settings(env).chosen_domains]
    first, *others = [ids_by_domain(product.assembly, env, domains())[domain] for env in having]
    assert [first] * len(others) == others
    golden.compare(path, first, WHY)
