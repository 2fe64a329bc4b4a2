"""Findings of the security rules that are accepted: one by one, on one resource, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

# Packs of rules for regulated workloads, which protected environments must pass too. They share most rules.
REGULATED = ("NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321")
# What one of them does not ask for, of the rules that are accepted somewhere.
NOT_OF_PCI = ("LambdaConcurrency", "LambdaDLQ")


def accept(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """`reasons`: cdk-nag rule → why it does not apply to this one resource.

    A rule is named with its pack (`Serverless-LambdaDLQ`), or without (`LambdaDLQ`) for the packs of
    REGULATED that have it.
    """
    for rule, reason in reasons.items():
        for pack, name in _rules(rule):
            Validations.of(resource).acknowledge(Acknowledgment(id=f"{pack}::{pack}-{name}", reason=reason))


def _rules(rule: str) -> Iterator[tuple[str, str]]:
    pack, separate, name = rule.partition("-")
    if separate:
        yield pack, name
        return
    for regulated in REGULATED:
        if regulated != "PCI.DSS.321" or rule not in NOT_OF_PCI:
            yield regulated, rule
