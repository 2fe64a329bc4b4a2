"""The synthesized policies as plain values: what each role may do, with every reference
resolved to an ARN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.stack.conftest import ACCOUNT, REGION, Assembly

Statement = dict[str, Any]
PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::URLSuffix": "amazonaws.com",
}
# The resource part of an ARN by type: {} is the resource's name, or its logical id when AWS is to choose the
# name.
ARNS = {
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::{}"),
    "AWS::KMS::Key": ("", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{{}}"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{{}}"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{REGION}:{ACCOUNT}:{{}}"),
    "AWS::DynamoDB::GlobalTable": ("TableName", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{{}}"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{{}}:*"),
    "AWS::Lambda::Function": ("FunctionName", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}"),
    "AWS::StepFunctions::StateMachine": (
        "StateMachineName",
        f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{{}}",
    ),
    "AWS::IAM::Role": ("RoleName", f"arn:aws:iam::{ACCOUNT}:role/{{}}"),
    "AWS::RedshiftServerless::Workgroup": (
        "",
        f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:workgroup/{{}}",
    ),
    "AWS::RedshiftServerless::Namespace": (
        "",
        f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}:namespace/{{}}",
    ),
}
REF_IS_ARN = ("AWS::SNS::Topic", "AWS::StepFunctions::StateMachine")


@dataclass(frozen=True)
class Role:
    """`place` is `env/stack/logical id` of the role; `statements` are those of all its policies."""

    place: str
    statements: tuple[Statement, ...]


def roles(assembly: Assembly, env: str) -> Iterator[Role]:
    for (of, stack), template in assembly.stacks.items():
        if of != env:
            continue
        resources = template["Resources"]
        for logical_id in (i for i, r in resources.items() if r["Type"] == "AWS::IAM::Role"):
            policies = [
                r
                for r in resources.values()
                if r["Type"] == "AWS::IAM::ManagedPolicy" and {"Ref": logical_id} in r["Properties"]["Roles"]
            ]
            found = [s for p in policies for s in statements(p["Properties"]["PolicyDocument"], template)]
            yield Role(f"{env}/{stack}/{logical_id}", tuple(found))


def statements(document: dict[str, Any], template: dict[str, Any]) -> list[Statement]:
    """With `Action` and `Resource` as lists of text."""
    plain = resolved(document, template)
    return [
        {**s, "Action": many(s["Action"]), "Resource": many(s["Resource"])} for s in many(plain["Statement"])
    ]


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def resolved(value: Any, template: dict[str, Any]) -> Any:
    """Raises KeyError for a reference to a type that ARNS does not list: add it."""
    match value:
        case {"Ref": str(name)}:
            if name in PSEUDO:
                return PSEUDO[name]
            pattern, own = _named(name, template)
            return pattern.format(own) if template["Resources"][name]["Type"] in REF_IS_ARN else own
        case {"Fn::GetAtt": [str(name), "Arn" | "TopicArn" | "WorkgroupArn" | "Workgroup.WorkgroupArn"]}:
            pattern, own = _named(name, template)
            return pattern.format(own)
        case {"Fn::GetAtt": [str(name), "DefaultSecurityGroup"]}:
            return f"sg-of-{name}"
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(resolved(p, template) for p in parts)
        case {"Fn::Sub": str(text)}:
            for name, given in PSEUDO.items():
                text = text.replace(f"${{{name}}}", given)
            return text
        case {"Fn::GetStackOutput": _}:  # a weak reference: the only ones between our stacks are keys
            return ARNS["AWS::KMS::Key"][1].format("from-another-stack")
        case dict():
            return {k: resolved(v, template) for k, v in value.items()}
        case list():
            return [resolved(v, template) for v in value]
    return value


def _named(logical_id: str, template: dict[str, Any]) -> tuple[str, str]:
    resource = template["Resources"][logical_id]
    name, pattern = ARNS[resource["Type"]]
    return pattern, str(resource.get("Properties", {}).get(name, logical_id))
