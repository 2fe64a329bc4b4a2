"""`./lake deploy`: what the CDK's command line is asked for, and what must not be destroyed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cli import cdk_cli, emptying
from cli.domain_stacks import left_behind
from cli.main import main
from cli.targets import deployed
from local.session import Session
from shared.names import Names
from stacks.config import environments, settings

ACCOUNT, REGION = "123456789012", "us-east-1"


def test_a_deployment_names_one_environment_and_passes_the_security_rules_first() -> None:
    words = cdk_cli.command("deploy", "test", ["--require-approval", "never"])
    assert words[:2] == ["deploy", "test/*"]
    contexts = [words[i + 1] for i, word in enumerate(words) if word == "-c"]
    assert contexts == ["env=test", "gate=true"]
    assert words[-4:] == ["--concurrency", "10", "--require-approval", "never"]


@pytest.mark.parametrize(
    ("action", "extra", "together"),
    [
        ("deploy", [], False),  # the CDK refuses to ask while stacks go side by side
        ("deploy", ["--require-approval", "broadening"], False),
        ("deploy", ["--require-approval=never"], True),
        ("deploy", ["--require-approval", "never", "--concurrency", "2"], False),
        ("destroy", ["--force"], True),
        ("diff", [], False),
    ],
)
def test_stacks_go_side_by_side_where_nobody_is_asked(action: str, extra: list[str], together: bool) -> None:
    words = cdk_cli.command(action, "dev", extra)
    assert ("--concurrency" in words[: len(words) - len(extra)]) is together


def test_a_stack_is_left_behind_when_no_domain_of_the_environment_has_it() -> None:
    """Stacks of other environments, and what is of no domain, are left alone."""
    there = ["dev-domain-shop", "dev-domain-old-one", "dev2-domain-x", "dev-storage", "dev-shop"]
    names = Names("dev", ACCOUNT, REGION)
    found = left_behind(names, ("shop", "old_two"), [f"lakehouse-{stack}" for stack in there])
    assert found == ["lakehouse-dev-domain-old-one"]


def test_a_domain_that_left_the_project_leaves_a_stack_which_is_told(
    credentials: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its schedule goes on; the CDK deletes no stack that its app does not have."""
    session = Session(Names("dev", ACCOUNT, REGION), boto3.Session())
    monkeypatch.setattr("cli.verbs.deploy.deployed", lambda _: session)
    monkeypatch.setattr("cli.verbs.deploy.emptying.reopen", lambda _: None)
    stack = "lakehouse-dev-domain-old-one"
    monkeypatch.setattr("cli.verbs.deploy.stacks_left_behind", lambda *_: [stack])
    asked: list[str] = []
    monkeypatch.setattr("cli.cdk_cli.run", lambda action, *_, **__: asked.append(action) or 0)
    command = f"aws cloudformation delete-stack --stack-name {stack}"
    for action in ([], ["--diff"]):
        assert main(["deploy", "--env", "dev", *action]) == 0
        told = capsys.readouterr()
        assert command in told.out + told.err
    assert main(["deploy", "--env", "dev", "--destroy", "--confirm", "dev"]) == 1
    assert command in capsys.readouterr().err
    assert asked == ["deploy", "diff"]


def test_where_lake_formation_guards_the_catalog_a_stack_that_is_left_goes_first(
    credentials: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """UpdateLFTag, which takes the domain from the tag's values, fails while a database has the value."""
    session = Session(Names("dev", ACCOUNT, REGION), boto3.Session())
    guarded = settings("dev").model_copy(update={"lake_formation": True})
    monkeypatch.setattr("cli.verbs.deploy.settings", lambda _: guarded)
    monkeypatch.setattr("cli.verbs.deploy.deployed", lambda _: session)
    monkeypatch.setattr("cli.verbs.deploy.emptying.reopen", lambda _: None)
    left = ["lakehouse-dev-domain-old-one"]
    monkeypatch.setattr("cli.verbs.deploy.stacks_left_behind", lambda *_: left)
    asked: list[str] = []
    monkeypatch.setattr("cli.cdk_cli.run", lambda action, *_, **__: asked.append(action) or 0)
    assert main(["deploy", "--env", "dev"]) == 1
    assert f"--stack-name {left[0]}" in capsys.readouterr().err
    assert asked == []
    left.clear()
    assert main(["deploy", "--env", "dev"]) == 0
    assert asked == ["deploy"]


def test_a_deployment_is_for_the_account_and_region_of_the_credentials() -> None:
    words = cdk_cli.command(
        "diff", "dev", pinned=Names("dev", ACCOUNT, "eu-north-1"), new=("storage", "catalog")
    )
    assert [words[i + 1] for i, word in enumerate(words) if word == "-c"] == [
        *("env=dev", "gate=true", f"account={ACCOUNT}", "region=eu-north-1", "first=storage,catalog"),
    ]


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-3"}, "eu-west-3"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-3"),
    ],
)
def test_the_region_is_that_of_the_aws_cli_and_the_cdk(
    variables: dict[str, str], region: str, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto3 alone does not know AWS_REGION, which our pages and messages name."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        assert deployed("dev").names.region == region


def test_an_environment_with_scheduled_runs_is_not_deployed_while_nobody_would_hear_of_a_failure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert [env for env in environments() if settings(env).unheard] == ["test", "prod"]
    assert not settings("test", alert_emails=["team@example.org"]).unheard
    assert main(["deploy", "--env", "test"]) == 1
    assert "name who gets alarms in alert_emails" in " ".join(capsys.readouterr().err.split())


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


def test_nothing_arrives_in_a_bucket_while_it_is_emptied_and_afterwards(buckets: boto3.Session) -> None:
    """S3 delivers access logs for hours, and a bucket that is not empty stops the removal."""
    names = Names("dev", ACCOUNT, REGION)
    for bucket, _ in emptying.empty(Session(names, buckets)):
        with pytest.raises(ClientError, match=r"\(403\)"):
            buckets.client("s3").put_object(Bucket=bucket, Key="late", Body=b"a log")
    assert versions(buckets, "dev") == 0


def test_a_removal_that_was_broken_off_leaves_buckets_that_a_deployment_opens(buckets: boto3.Session) -> None:
    """CloudFormation sees no change in a policy that we put."""
    session = Session(Names("dev", ACCOUNT, REGION), buckets)
    s3, bucket = buckets.client("s3"), session.names.bucket("raw")
    tls = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [tls]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    for _ in (1, 2):  # closed twice is closed once
        list(emptying.empty(session))
    kept = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert [s["Sid"] for s in kept] == ["Tls", emptying.CLOSED]
    emptying.reopen(session)
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    emptying.reopen(session)
    s3.put_object(Bucket=bucket, Key="late", Body=b"welcome")


def test_what_is_scheduled_goes_first_and_buckets_last_of_all(
    buckets: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that began in between would write."""
    done: list[str] = []
    session = Session(Names("dev", ACCOUNT, REGION), buckets)
    monkeypatch.setattr("cli.verbs.deploy.deployed", lambda _: session)
    monkeypatch.setattr("cli.verbs.deploy.stacks_left_behind", lambda *_: [])
    monkeypatch.setattr("cli.cdk_cli.run", lambda _, env, __, stack="*": done.append(f"{env}/{stack}") or 0)
    assert main(["deploy", "--env", "dev", "--destroy", "--confirm", "dev"]) == 0
    assert done == ["dev/orchestration", "dev/*"]
    assert versions(buckets, "dev") == 0


def test_prod_is_never_emptied(buckets: boto3.Session) -> None:
    with pytest.raises(emptying.EmptyingError, match="prod retains its data"):
        list(emptying.empty(Session(Names("prod", ACCOUNT, REGION), buckets)))
    assert versions(buckets, "prod") == 4


def test_without_a_region_the_doctor_does_not_say_to_log_in(
    credentials: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert main(["doctor", "--env", "dev"]) == 1
    said = capsys.readouterr().out
    assert "no AWS region is set" in said
    assert "→ set AWS_REGION" in said
    assert "log in" not in said
