"""`./lake audit`: what is accepted, and what no longer is there."""

from __future__ import annotations

import json

from cli.verbs import audit

ACCEPTED = {"CKV_1": {"AWS::SQS::Queue.Raw*": "a reason"}, "CKV_2": {"AWS::SNS::Topic.*": "another"}}


def finding(check: str, resource: str) -> audit.Finding:
    return audit.Finding(check, "a title", "devstorage", resource)


def test_a_finding_is_accepted_only_for_its_check_and_resource() -> None:
    assert audit.reason(finding("CKV_1", "AWS::SQS::Queue.Raw1A2B"), ACCEPTED) == "a reason"
    assert audit.reason(finding("CKV_2", "AWS::SQS::Queue.Raw1A2B"), ACCEPTED) is None
    assert audit.reason(finding("CKV_1", "AWS::SQS::Queue.Other"), ACCEPTED) is None


def test_an_acceptance_that_matches_nothing_is_named() -> None:
    assert audit.unused([finding("CKV_1", "AWS::SQS::Queue.RawX")], ACCEPTED) == ["CKV_2 AWS::SNS::Topic.*"]


def test_every_acceptance_names_a_resource_and_says_why() -> None:
    for check, places in json.loads(audit.ACCEPTED.read_text()).items():
        for place, why in places.items():
            assert place.rpartition(".")[2].strip("*?"), (check, place)
            assert len(why) > 20, (check, place)
