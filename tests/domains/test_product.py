"""The product's own environments with all of its domains: gates, and logical ids that stay as they were released."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cli.cost import Resources, lines
from shared.contracts import domains
from shared.project import ENVIRONMENTS, PRODUCT, domain_folder, project_folder
from stacks.config import environments, settings
from stacks.prices import price_list
from tests.conftest import PROJECT
from tests.domains.conftest import Product
from tests.stack.test_app import POLICY_CHARACTERS as MOST
from tests.stack.test_app import policy_characters
from tests.stack.test_storage import CORE
from tests.support.gate import PROTECTED_RULES, RULES, grammar_faults
from tests.support.golden import Golden, content
from tests.support.stateful import WHY, ids_by_domain

HERE = Path(__file__).parent
GOLDEN = "stateful.json"


def golden_file(domain: str) -> Path:
    """A company's is with its domain: nothing of it goes into the product's folder."""
    return (HERE / domain if project_folder() == PRODUCT else domain_folder(domain)) / GOLDEN


def test_the_security_rules_find_nothing_that_was_not_accepted(product: Product) -> None:
    for passed in product.passed:
        assert passed.findings == {}
        protected = all(settings(env).protected for env in passed.envs)
        assert passed.idle(PROTECTED_RULES if protected else RULES) == []
        for file in passed.templates:
            assert "${Token[" not in file.read_text(), file


def test_cloudformation_finds_no_fault_in_any_template(product: Product) -> None:
    assert grammar_faults(file for passed in product.passed for file in passed.templates) == ""


def test_every_policy_fits_its_quota_with_all_domains(product: Product) -> None:
    """The ingest function's grows with every domain that archives, the watch function's with every domain."""
    policies = dict(product.assembly.resources("AWS::IAM::ManagedPolicy"))
    assert policies
    assert {place: size for place, p in policies.items() if (size := policy_characters(p)) >= MOST} == {}


def test_a_month_of_the_usage_that_is_assumed_sets_off_no_budget_alarm(product: Product) -> None:
    for env in environments():
        templates = [template for (of, _), template in product.assembly.stacks.items() if of == env]
        items = lines(Resources.in_templates(templates), settings(env).usage)
        usd = sum(line.usd(price_list().prices) for line in items)
        assert 1 < usd < 0.8 * settings(env).monthly_budget_usd, env


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
    path = golden_file(domain)
    if domain not in domains():
        pytest.skip(f"{domain} is gone")
    if not path.exists() and not golden.write:
        pytest.skip(f"{domain} was never recorded: `./lake test --write-golden` does it")
    having = [env for env in environments() if domain in settings(env).chosen_domains]
    first, *others = [ids_by_domain(product.assembly, env, domains())[domain] for env in having]
    assert [first] * len(others) == others
    golden.compare(path, first, WHY)
