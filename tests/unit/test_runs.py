"""Runs of a domain as an emulated state machine knows them: which go on, ended, unknown."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from cli import runs
from local.session import Session
from shared.names import Names
from tests.support.ledger_table import create_ledger_table

NAMES = Names("dev", "123456789012", "us-east-1")
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        session = Session(NAMES, boto3.Session())
        create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)
        session.client("stepfunctions").create_state_machine(
            name=NAMES.state_machine("shop"),
            definition=json.dumps(MACHINE),
            roleArn="arn:aws:iam::123456789012:role/states",
        )
        yield session


def test_the_run_that_owns_the_domain_comes_first(session: Session) -> None:
    first, second = (runs.start(session, "shop", {}) for _ in range(2))
    lock = {"pk": "lock#shop", "sk": "lock", "run_id": second}
    session.boto.resource("dynamodb").Table(NAMES.ledger_table).put_item(Item=lock)
    assert runs.running(session, "shop") == [second, first]


def test_a_stopped_run_is_over_and_remembered(session: Session) -> None:
    run_id = runs.start(session, "shop", {})
    runs.stop(session, "shop", run_id)
    assert runs.running(session, "shop") == []
    assert runs.exists(session, "shop", run_id)
    ended = runs.follow(session, "shop", run_id, lambda _: None)
    assert (ended.status, ended.succeeded) == ("ABORTED", False)


def test_a_run_that_never_was_does_not_exist(session: Session) -> None:
    assert not runs.exists(session, "shop", "20260101T000000Z-abcdef")
