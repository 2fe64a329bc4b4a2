"""Findings of the security rules that are accepted: one by one, on one resource, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def accept(resource: IConstruct, reasons: Mapping[str, str]) -> None:
    """`reasons`: cdk-nag rule → why it does not apply to this one resource.

    A rule's pack is what stands before its first hyphen.
    """
    for rule, reason in reasons.items():
        Validations.of(resource).acknowledge(
            Acknowledgment(id=f"{rule.partition('-')[0]}::{rule}", reason=reason)
        )
