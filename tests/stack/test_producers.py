"""Producers in other accounts may put objects below their domains' folders of raw, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from stacks.config import ConfigError, settings
from tests.stack.conftest import Assembly
from tests.support.everything import PARTNER_ROLE, assembled
from tests.support.rights import resolved

RAW = "arn:aws:s3:::lakehouse-full-raw-123456789012-us-east-1-an"
RAW_ID = "arn:aws:s3:::Raw72517081"  # the bucket by its logical id: S3 makes its name
OTHERS = ("444455556666", "777788889999")
ACCOUNTS = [f"arn:aws:iam::{account}:root" for account in OTHERS]


def foreign(assembly: Assembly, kind: str, document: str) -> list[dict[str, Any]]:
    """Statements that let another account in."""
    template = assembly.template("full", "storage")
    found = [r["Properties"][document] for _, r in assembly.resources(kind, "full")]
    statements = [s for d in found for s in resolved(d, template)["Statement"]]
    return [s for s in statements if any(o in str(s["Principal"]) for o in OTHERS)]


def test_they_put_objects_and_nothing_else_with_the_bucket_s_own_encryption(full: Assembly) -> None:
    found = foreign(full, "AWS::S3::BucketPolicy", "PolicyDocument")
    [key] = {
        s["Condition"]["StringEqualsIfExists"].pop("s3:x-amz-server-side-encryption-aws-kms-key-id")
        for s in found
    }
    assert key.startswith("arn:aws:kms:us-east-1:123456789012:key/DataKey")
    only = {"StringEqualsIfExists": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    assert [
        (s["Effect"], s["Action"], s["Resource"], s["Principal"]["AWS"], s["Condition"]) for s in found
    ] == [
        ("Allow", "s3:PutObject", f"{RAW_ID}/shop/*", PARTNER_ROLE, only),
        ("Allow", "s3:PutObject", f"{RAW_ID}/web/*", ACCOUNTS, only),
    ]


def test_they_use_the_key_for_objects_of_raw_only(full: Assembly) -> None:
    found = foreign(full, "AWS::KMS::Key", "KeyPolicy")
    only = {"StringEquals": {"kms:EncryptionContext:aws:s3:arn": RAW}}
    [statement] = found  # the CDK joins what differs in who alone
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Principal"]["AWS"] == [PARTNER_ROLE, *ACCOUNTS]
    assert statement["Condition"] == only


def test_without_a_key_of_the_environment_s_own_they_use_s3_s(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    plain = assembled(
        tmp_path_factory.mktemp("plain"), protected=None, producers={"web": [OTHERS[0]]}, backup=None
    )
    [statement] = foreign(plain, "AWS::S3::BucketPolicy", "PolicyDocument")
    assert statement["Condition"] == {"StringEqualsIfExists": {"s3:x-amz-server-side-encryption": "AES256"}}


def test_by_default_no_other_account_comes_in(assembly: Assembly) -> None:
    for _, policy in assembly.resources("AWS::S3::BucketPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or "Service" in statement["Principal"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"nobody": ["444455556666"]}, "producers: the environment has no nobody; it has retail, shop, web"),
        ({"shop": ["*"]}, "String should match pattern"),
        ({"shop": []}, "at least 1"),
    ],
)
def test_wrong_producers_are_refused_with_what_is_allowed(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings("dev", producers=given)
