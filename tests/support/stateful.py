"""Resources that hold something: their logical ids may not change between releases, those of the core and those of each domain."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.stack.conftest import Assembly

STATEFUL = (
    "AWS::S3::Bucket",
    "AWS::DynamoDB::GlobalTable",
    "AWS::Glue::Database",
    "AWS::KMS::Key",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
)
WHY = "CloudFormation would replace a resource whose logical id changes, and what it holds would be gone."
Ids = dict[str, str]


def ids_by_domain(assembly: Assembly, env: str, domains: Iterable[str]) -> dict[str | None, Ids]:
    """`stack/logical id` → type of an environment's stateful resources, under the domain that each belongs to: None is the core's."""
    given = tuple(domains)
    found: dict[str | None, Ids] = {None: {}, **{domain: {} for domain in given}}
    for kind in STATEFUL:
        for place, _ in assembly.resources(kind, env):
            own = place.partition("/")[2]
            found[_domain(own.rpartition("/")[2], given)][own] = kind
    return found


def _domain(logical_id: str, domains: Iterable[str]) -> str | None:
    """The domain whose construct it is: an id begins with it, without what ids cannot hold; the core's begin with a capital."""
    begun = [d for d in domains if logical_id.startswith(re.sub(r"[^A-Za-z0-9]", "", d))]
    return max(begun, key=len, default=None)
