"""The environment that a command names: a deployed one through the user's AWS profile, else this laptop."""

from __future__ import annotations

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.session import Session, TargetError, running_laptop
from shared.names import Names
from stacks.config import settings


def deployed(env: str) -> Session:
    """A deployed environment, with the credentials of the user's AWS configuration.

    Raises TargetError without a region, without valid credentials, or with those of another account.
    """
    chosen = settings(env)
    boto = boto3.Session()
    region = chosen.region or boto.region_name
    if region is None:
        raise TargetError("no AWS region: set AWS_REGION, or a region in the profile")
    try:
        account = boto.client("sts", region_name=region).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise TargetError(f"AWS does not accept the current credentials: {error}") from error
    # Before any name is made of the account: with another one every name would be of another lake.
    if chosen.account not in (None, account):
        raise TargetError(
            f"environment {env} belongs to account {chosen.account}; the current credentials are of {account}"
        )
    return Session(Names(env, account, region, chosen.prefix), boto)


def target(env: str | None) -> Session:
    """The environment that a command names; the laptop when it names none."""
    return deployed(env) if env else running_laptop()
