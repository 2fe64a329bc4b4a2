"""What must be there before something else of a template: CloudFormation makes at once whatever does not wait."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.stack.conftest import ENVS, Assembly

DEPLOYMENT = Path(__file__).parents[2] / "docs" / "howto" / "deployment.md"
ROLE, POLICY = "AWS::IAM::Role", "AWS::IAM::ManagedPolicy"
GRANTS = (POLICY, "AWS::LakeFormation::PrincipalPermissions")


def references(value: Any) -> Iterator[str]:
    """The logical ids that a value of a template refers to."""
    match value:
        case {"Ref": str(id)} | {"Fn::GetAtt": [str(id), *_]}:
            yield id
        case {"Fn::Sub": _}:
            raise NotImplementedError("a Fn::Sub may hide a reference")
        case dict():
            for inner in value.values():
                yield from references(inner)
        case list():
            for inner in value:
                yield from references(inner)


def too_early(resources: dict[str, dict[str, Any]]) -> list[tuple[str, str]]:
    """Resources that name a role, and a policy of this role for which they do not wait."""

    @cache
    def first(id: str) -> frozenset[str]:
        """All that is made before a resource."""
        named = {*references(resources[id].get("Properties", {})), *resources[id].get("DependsOn", [])}
        here = named & resources.keys()
        return frozenset(here).union(*map(first, here))

    found = []
    for policy, grant in resources.items():
        if grant["Type"] != POLICY:
            continue
        for role in references(grant["Properties"]["Roles"]):
            for id, resource in resources.items():
                if resource["Type"] not in GRANTS and role in references(resource.get("Properties", {})):
                    found += [(id, policy)] if policy not in first(id) else []
    return found


@pytest.mark.parametrize("env", ENVS)
def test_nothing_that_names_a_role_comes_before_the_role_s_policy(assembly: Assembly, env: str) -> None:
    """AWS tests the rights of a role when it makes a function, an event source, a machine, a flow log."""
    stacks = {stack: t["Resources"] for (of, stack), t in assembly.stacks.items() if of == env}
    assert len(list(assembly.resources(ROLE, env))) > len(stacks)
    assert {stack: found for stack, resources in stacks.items() if (found := too_early(resources))} == {}


def functions(value: Any) -> Iterator[str]:
    """CloudFormation's own functions in a value of a template."""
    match value:
        case dict():
            yield from (name for name in value if name == "Ref" or name.startswith("Fn::"))
            for inner in value.values():
                yield from functions(inner)
        case list():
            for inner in value:
                yield from functions(inner)


def test_prod_is_not_the_first_environment_to_use_a_function_or_a_key(assembly: Assembly) -> None:
    """What only prod has fails in prod first, as `Fn::GetStackOutput` did: it needs `cloudformation:DescribeStacks`."""
    used = {
        env: {f for (of, _), t in assembly.stacks.items() if of == env for f in functions(t["Resources"])}
        for env in ENVS
    }
    assert "Fn::GetStackOutput" in used["prod"]
    assert "`cloudformation:DescribeStacks`" in DEPLOYMENT.read_text("utf-8")
    assert used["prod"] <= used["test"]
    keys = {env: len(list(assembly.resources("AWS::KMS::Key", env))) for env in ENVS}
    assert keys["prod"] == keys["test"]


def test_an_event_source_of_a_function_that_waits_for_its_policy_waits_too() -> None:
    function = {"Type": "F", "Properties": {"Role": {"Fn::GetAtt": ["Role", "Arn"]}}}
    source = {"Type": "S", "Properties": {"FunctionName": {"Ref": "F"}, "Role": {"Ref": "Role"}}}
    role = {"Type": ROLE}
    policy = {"Type": POLICY, "Properties": {"Roles": [{"Ref": "Role"}]}}
    resources = {"F": function, "S": source, "Role": role, "Policy": policy}
    assert too_early(resources) == [("F", "Policy"), ("S", "Policy")]
    assert too_early({**resources, "F": {**function, "DependsOn": ["Policy"]}}) == []
