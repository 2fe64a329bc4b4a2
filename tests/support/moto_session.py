"""A lake that moto emulates inside the test: a ledger, and a state machine of the domain `shop`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest
from moto import mock_aws

from local.ledger_table import create_ledger_table
from local.session import Session
from shared.names import Names

NAMES = Names("dev", "123456789012", "us-east-1")
MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


@contextmanager
def moto_session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
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
