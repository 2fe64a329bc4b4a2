"""One place that knows how to reach an environment: the laptop's emulation, or a deployed one through the user's AWS profile."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.aws import process
from local.aws.environment import FOREIGN
from local.errors import LakeError
from local.settings import ACCOUNT, ENV, HOME, PREFIX, REGION
from shared.ledger import Ledger
from shared.names import Names

STATE = HOME / "aws"
_RETRIES = Config(retries={"mode": "standard", "max_attempts": 5}, max_pool_connections=32)


class TargetError(LakeError):
    """The environment cannot be reached."""


@dataclass(frozen=True)
class Session:
    """Names and clients of one environment. `endpoint` and `state` are set for the laptop only."""

    names: Names
    boto: boto3.Session
    endpoint: str | None = None
    state: Path | None = None

    def client(self, service: str) -> Any:
        return self.boto.client(service, endpoint_url=self.endpoint, region_name=self.names.region, config=_RETRIES)

    @cached_property
    def ledger(self) -> Ledger:
        dynamodb = self.boto.resource("dynamodb", endpoint_url=self.endpoint, region_name=self.names.region, config=_RETRIES)
        return Ledger(dynamodb.Table(self.names.ledger_table))

    def log_of(self, run_id: str) -> str:
        """Where the output of a Glue job run is to be found."""
        if self.state is None:
            return f"CloudWatch log group /aws-glue/jobs/error, stream {run_id}"
        return str(self.state / "glue" / run_id / "stderr")


def local(emulation: process.Emulation) -> Session:
    """The laptop."""
    for name in FOREIGN:  # a profile of the user's that does not exist would fail every client
        os.environ.pop(name, None)
    boto = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="local", region_name=REGION)
    return Session(Names(ENV, ACCOUNT, REGION, PREFIX), boto, emulation.endpoint, emulation.state)


def running_laptop() -> Session:
    """The laptop's emulation that is up. Raises TargetError when there is none."""
    found = process.running(STATE)
    if found is None:
        raise TargetError("nothing runs on this laptop yet: start it with `./lake up`, or name a deployed environment with --env")
    return local(found)


def deployed(env: str) -> Session:
    """A deployed environment, with the credentials of the user's AWS configuration."""
    from stacks.config import settings

    chosen = settings(env)
    boto = boto3.Session()
    region = chosen.region or boto.region_name
    if region is None:
        raise TargetError("no AWS region: set AWS_REGION, or a region in the profile")
    try:
        account = boto.client("sts", region_name=region).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise TargetError(f"AWS does not accept the current credentials: {error}") from error
    if chosen.account not in (None, account):
        raise TargetError(f"environment {env} belongs to account {chosen.account}; the current credentials are of {account}")
    return Session(Names(env, account, region, chosen.prefix), boto)


def session(env: str | None) -> Session:
    """The environment that a command names; the laptop when it names none."""
    return deployed(env) if env else running_laptop()
