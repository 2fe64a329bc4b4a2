"""Everything that a lake has of a domain that is made for a smoke is removed."""

from __future__ import annotations

from cli.emptying import delete_versions
from cli.smoke.definition import SmokeError, is_made_for_smoke
from local.session import Session
from shared.names import DATA_ZONES
from shared.zones import archive_prefix
from stacks.config import settings

DROPPED = "smoke-"  # begins the folder into which a smoke drops the files of a dataset
MADE_BY_JOBS = ("silver", "gold", "quarantine")  # the zones whose tables jobs make


def refuse_others(session: Session, domain: str) -> None:
    """Raises SmokeError where somebody's data might be lost: for another domain, or one that holds files
    which no smoke dropped.
    """
    if not is_made_for_smoke(domain):
        raise SmokeError(
            f"{domain} is not made for a smoke: nothing was removed",
            "./lake new smoke --smoke writes a domain that is",
        )
    if domain in settings(session.names.env).sources:
        raise SmokeError(
            f"{domain} takes files from `sources`: nothing was done",
            "remove it from `sources` in environments.toml, and deploy",
        )
    bucket, s3 = session.names.bucket("raw"), session.client("s3")
    # Older versions, too: what was deleted there can still be had back, until a smoke removes it.
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{domain}/")
    keys = (o["Key"] for page in pages for o in page.get("Versions", ()))
    if foreign := next((key for key in keys if not _is_dropped(key)), None):
        raise SmokeError(
            f"s3://{bucket}/{foreign} was dropped by no smoke, and all data of {domain} would"
            " be removed: nothing was done",
            "delete all its versions, or move it to another domain",
        )


def remove(session: Session, domain: str) -> None:
    """Tables first, so that nobody sees one without its files; the ledger last, so that what a crash leaves
    is found again. Tables over files as they are belong to the stacks, and stay.
    """
    refuse_others(session, domain)
    glue = session.client("glue")
    for zone in MADE_BY_JOBS:
        database = session.names.database(domain, zone)
        pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
        try:
            names = [table["Name"] for page in pages for table in page["TableList"]]
        except glue.exceptions.EntityNotFoundException:
            continue  # not every zone has one
        for name in names:
            glue.delete_table(DatabaseName=database, Name=name)
    for zone in DATA_ZONES:
        for prefix in (f"{domain}/", *((archive_prefix(domain),) if zone == "bronze" else ())):
            delete_versions(session.client("s3"), session.names.bucket(zone), prefix)
    session.ledger.forget_domain(domain)


def _is_dropped(key: str) -> bool:
    parts = key.split("/")
    return len(parts) > 3 and parts[2].startswith(DROPPED)
