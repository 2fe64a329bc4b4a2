"""Names and clients of an environment, and how to reach the laptop's emulation."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

import boto3
from botocore.config import Config

from local.aws import process
from local.aws.environment import FOREIGN
from local.errors import LakeError
from local.settings import ACCOUNT, REGION
from shared.ledger import Ledger
from shared.names import JOB_LOGS, Names
from shared.project import project_folder
from stacks.config import environments, settings

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

STATE = project_folder() / ".lake" / "aws"
DEMO = project_folder() / ".lake" / "demo" / "aws"  # the demo's lake: forgotten by each demo, unlike STATE
USUAL_ENVIRONMENT = "dev"
CHOSEN = "environment"  # file of a state folder: which environment the laptop stands for
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

    @overload
    def client(self, service: Literal["athena"]) -> AthenaClient: ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["glue"]) -> GlueClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> SFNClient: ...
    @overload
    def client(self, service: str) -> Any: ...
    def client(self, service: str) -> Any:
        """A boto3 client of the environment, the laptop's with its endpoint."""
        made: Any = self.boto.client  # its own overloads take no name that is known only at run time
        return made(service, endpoint_url=self.endpoint, region_name=self.names.region, config=_RETRIES)

    @cached_property
    def ledger(self) -> Ledger:
        dynamodb = self.boto.resource(
            "dynamodb", endpoint_url=self.endpoint, region_name=self.names.region, config=_RETRIES
        )
        return Ledger(dynamodb.Table(self.names.ledger_table))

    def log_of(self, job_run: Mapping[str, Any]) -> str:
        """Where the output of a Glue job run is to be found: in which log groups, the run itself says."""
        run_id = job_run["Id"]
        if self.state is None:
            groups = job_run.get("LogGroupName", JOB_LOGS).rstrip("/")
            return f"CloudWatch log groups {groups}*, streams {run_id}*"
        return str(self.state / "glue" / run_id / "stderr")


def laptop_environment(state: Path) -> str:
    """The environment that the laptop stands for: as `./lake up --env` chose it, else dev, or the project's
    first.
    """
    chosen = state / CHOSEN
    if chosen.exists():
        return chosen.read_text("utf-8")
    known = list(environments())
    return USUAL_ENVIRONMENT if USUAL_ENVIRONMENT in known else known[0]


def choose_environment(state: Path, env: str) -> None:
    """Makes the laptop stand for an environment from now on.

    Raises ConfigError for settings that are wrong.
    """
    settings(env)
    state.mkdir(parents=True, exist_ok=True)
    (state / CHOSEN).write_text(env, "utf-8")


def laptop_session(emulation: process.Emulation) -> Session:
    """The laptop."""
    for name in FOREIGN:  # a profile of the user's that does not exist would fail every client
        os.environ.pop(name, None)
    secret = "local"  # nosec B105: the emulation's
    boto = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=secret, region_name=REGION)
    env = laptop_environment(emulation.state)
    return Session(
        Names(env, ACCOUNT, REGION, settings(env).prefix), boto, emulation.endpoint, emulation.state
    )


def running_laptop(*, demo: bool = False) -> Session:
    """The laptop's lake that is up, or the demo's. Raises TargetError when it is not."""
    emulation = process.running(DEMO if demo else STATE)
    if emulation is not None:
        return laptop_session(emulation)
    if demo:
        raise TargetError("the demo's lake does not run", "./lake up --demo brings it back")
    other = "; the demo's lake runs: add --demo to mean it" if process.running(DEMO) else ""
    raise TargetError(
        "nothing runs on this laptop yet", f"./lake up, or name a deployed environment with --env{other}"
    )
