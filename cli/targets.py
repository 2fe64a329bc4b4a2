"""The environment that a command names: a deployed one through the user's AWS profile, else this laptop."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local import laptop
from local.console import say
from local.errors import LOG_IN
from local.session import DEMO, STATE, Session, TargetError, laptop_environment, running_laptop
from shared.contracts import contract
from shared.contracts import domains as known_domains
from shared.contracts.questions import open_questions
from shared.gold_statements import statement_files
from shared.names import Names
from shared.project import domain_folder, shown
from stacks.config import settings


def deployed(env: str) -> Session:
    """A deployed environment, with the credentials of the user's AWS configuration.

    Raises TargetError without a region, without valid credentials, or with those of another account;
    ConfigError in a region that cannot have the environment.
    """
    chosen = settings(env)
    boto = boto3.Session()
    # As the AWS CLI and the CDK have it; of the two variables boto3 knows AWS_DEFAULT_REGION alone.
    region = chosen.region or os.environ.get("AWS_REGION") or boto.region_name
    if region is None:
        raise TargetError("no AWS region is set", "set AWS_REGION, or a region in the profile")
    try:
        account = boto.client("sts", region_name=region).get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise TargetError(f"AWS does not accept the current credentials: {error}", LOG_IN) from error
    # Before any name is made of the account: with another one every name would be of another lake.
    if chosen.account not in (None, account):
        raise TargetError(
            f"environment {env} belongs to account {chosen.account}; the current credentials are of"
            f" {account}",
            LOG_IN,
        )
    settings(env, account=account, region=region)  # refuses a region that cannot have it
    return Session(Names(env, account, region, chosen.prefix), boto)


def domains_of(env: str | None, *, demo: bool = False) -> tuple[str, ...]:
    """The domains of the lake that a command names."""
    return settings(env or laptop_environment(DEMO if demo else STATE)).chosen_domains


def check_domain(domain: str, env: str | None, *, demo: bool = False) -> None:
    """Raises TargetError for a domain that the environment does not have, or that would fail in gold."""
    if domain not in (known := domains_of(env, demo=demo)):
        raise TargetError(
            f"the environment does not have the domain {domain}, only {', '.join(known)}",
            "add it to `domains` in environments.toml",
        )
    check_decided([domain])
    _check_transforms(domain)


def check_decided(domains: Iterable[str]) -> None:
    """Raises TargetError while a contract has open questions: what nobody decided must not bring data."""
    if asked := [q for d in dict.fromkeys(domains) if d in known_domains() for q in open_questions(d)]:
        listed = "\n".join(map(str, asked))
        raise TargetError(
            f"{listed}\nNothing was done",
            "answer each in its contract and remove the line with DECIDE; ./lake contract lint"
            " lists what is left",
        )


def _check_transforms(domain: str) -> None:
    """What would fail gold after minutes: tables without a rule, or code that Python cannot read."""
    file, statements = domain_folder(domain) / "transforms.py", statement_files(domain)
    tables = [t.name for t in contract(domain).gold if t.name not in statements]
    if tables and not file.exists():
        raise TargetError(
            f"{shown(file)} is missing: it computes {', '.join(tables)}. Nothing was started",
            "write it, or gold/<table>.sql: docs/howto/add-a-gold-table.md; ./lake new NAME for a pattern",
        )
    if file.exists():
        try:
            ast.parse(file.read_bytes(), str(file))
        except SyntaxError as error:
            raise TargetError(
                f"{shown(file)}:{error.lineno}: {error.msg}: nothing started",
                "mend it; ./lake contract lint says what else is wrong",
            ) from error


def target(env: str | None, *, demo: bool = False) -> Session:
    """The environment that a command names; the laptop's lake when it names none, or the demo's."""
    return deployed(env) if env else running_laptop(demo=demo)


def current_target(env: str | None, *, demo: bool = False, report: Callable[[str], None] = say) -> Session:
    """The same for commands that bring data: on the laptop with the contracts, settings and code as they are
    on disk, which are deployed first where they changed; `report` gets what goes on. Raises ContractError
    before anything is.
    """
    return deployed(env) if env else laptop.refreshed(running_laptop(demo=demo), report)
