"""The environment that a command names: a deployed one through the user's AWS profile, else this laptop."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import laptop
from local.session import DEMO, STATE, Session, TargetError, laptop_environment, running_laptop
from shared.contracts import contract
from shared.contracts import domains as known_domains
from shared.contracts.questions import open_questions
from shared.names import Names
from shared.project import domain_folder, shown
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


def domains_of(env: str | None, *, demo: bool = False) -> tuple[str, ...]:
    """The domains of the lake that a command names."""
    return settings(env or laptop_environment(DEMO if demo else STATE)).chosen_domains


def check_domain(domain: str, env: str | None, *, demo: bool = False) -> None:
    """Raises TargetError for a domain that the environment does not have, or that would fail in gold."""
    if domain not in (known := domains_of(env, demo=demo)):
        raise TargetError(
            f"the environment does not have the domain {domain}, only {', '.join(known)}: add it to"
            " `domains` in environments.toml"
        )
    check_decided([domain])
    _check_transforms(domain)


def check_decided(domains: Iterable[str]) -> None:
    """Raises TargetError while a contract has open questions: what nobody decided must not bring data."""
    if asked := [q for d in dict.fromkeys(domains) if d in known_domains() for q in open_questions(d)]:
        listed = "\n".join(map(str, asked))
        raise TargetError(
            f"{listed}\nNothing was done: answer each in its contract and remove the line with DECIDE"
        )


def _check_transforms(domain: str) -> None:
    """What would fail gold after minutes: no transforms, or such that Python cannot read."""
    file = domain_folder(domain) / "transforms.py"
    if tables := [t.name for t in contract(domain).gold]:
        if not file.exists():
            raise TargetError(
                f"{shown(file)} is missing: it computes {', '.join(tables)}. Nothing was started"
            )
        try:
            ast.parse(file.read_bytes(), str(file))
        except SyntaxError as error:
            raise TargetError(f"{shown(file)}:{error.lineno}: {error.msg}: nothing started") from error


def target(env: str | None, *, demo: bool = False) -> Session:
    """The environment that a command names; the laptop's lake when it names none, or the demo's."""
    return deployed(env) if env else running_laptop(demo=demo)


def current_target(env: str | None, *, demo: bool = False) -> Session:
    """The same for commands that bring data: on the laptop with the contracts, settings and code as they are
    on disk, which are deployed first where they changed. Raises ContractError before anything is.
    """
    return deployed(env) if env else laptop.refreshed(running_laptop(demo=demo))
