"""Stacks of domains that an environment does not have any more: the CDK deletes none that left its app."""

from __future__ import annotations

from collections.abc import Iterable

from local.session import Session
from shared.names import DOMAIN_STACK, Names, domain_stack

HOW = "aws cloudformation delete-stack --stack-name"


def left_behind(names: Names, domains: Iterable[str], there: Iterable[str]) -> list[str]:
    """Those of the stacks that are there, by their full names, which no domain of the environment has."""
    start, wanted = names.name(DOMAIN_STACK), {names.name(domain_stack(d)) for d in domains}
    return sorted(name for name in there if name.startswith(start) and name not in wanted)


def stacks_left_behind(session: Session, domains: Iterable[str]) -> list[str]:
    """The same, as CloudFormation knows them."""
    pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
    return left_behind(session.names, domains, (s["StackName"] for page in pages for s in page["Stacks"]))


def advice(names: Iterable[str]) -> str:
    """What they do there, and what removes them."""
    listed = "\n".join(f"  {HOW} {name}" for name in names)
    return f"stacks of domains that the environment does not have any more, whose schedules go on:\n{listed}"
