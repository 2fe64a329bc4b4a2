"""`./lake deploy`: what the CDK's command line is asked for, and what must not be destroyed."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from cli import cdk_cli, emptying
from cli.main import main
from local.session import Session
from shared.names import Names

ACCOUNT, REGION = "123456789012", "us-east-1"


def test_a_deployment_names_one_environment_and_passes_the_security_rules_first() -> None:
    words = cdk_cli.command("deploy", "test", ["--require-approval", "never"])
    assert words[:2] == ["deploy", "test/*"]
    contexts = [words[i + 1] for i, word in enumerate(words) if word == "-c"]
    assert contexts == ["env=test", "gate=true"]
    assert words[-2:] == ["--require-approval", "never"]


def test_bootstrapping_is_of_an_account_not_of_stacks() -> None:
    assert "dev/*" not in cdk_cli.command("bootstrap", "dev")


def test_an_environment_that_retains_its_data_is_not_destroyed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--env", "prod", "--destroy", "--confirm", "prod"]) == 1
    assert "prod retains its data" in capsys.readouterr().err


def test_nothing_is_destroyed_unless_the_name_is_given_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["deploy", "--env", "dev", "--destroy", "--confirm", "test"]) == 1
    assert "nothing was done" in capsys.readouterr().err


@pytest.fixture
def buckets() -> Iterator[boto3.Session]:
    """The raw buckets of dev and prod, versioned, with an object written twice and one deleted."""
    with mock_aws():
        session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=REGION)
        s3 = session.client("s3")
        for env in ("dev", "prod"):
            bucket = Names(env, ACCOUNT, REGION).bucket("raw")
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            for key, body in (("a", b"1"), ("a", b"2"), ("b", b"3")):
                s3.put_object(Bucket=bucket, Key=key, Body=body)
            s3.delete_object(Bucket=bucket, Key="b")
        yield session


def versions(session: boto3.Session, env: str) -> int:
    page = session.client("s3").list_object_versions(Bucket=Names(env, ACCOUNT, REGION).bucket("raw"))
    return len(page.get("Versions", [])) + len(page.get("DeleteMarkers", []))


def test_emptying_deletes_every_version_and_delete_marker_and_passes_over_missing_buckets(
    buckets: boto3.Session,
) -> None:
    emptied = dict(emptying.empty(Session(Names("dev", ACCOUNT, REGION), buckets)))
    assert emptied == {"lakehouse-dev-raw-123456789012-us-east-1-an": 4}
    assert (versions(buckets, "dev"), versions(buckets, "prod")) == (0, 4)


def test_prod_is_never_emptied(buckets: boto3.Session) -> None:
    with pytest.raises(emptying.EmptyingError, match="prod retains its data"):
        list(emptying.empty(Session(Names("prod", ACCOUNT, REGION), buckets)))
    assert versions(buckets, "prod") == 4
