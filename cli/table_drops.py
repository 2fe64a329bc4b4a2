"""Tables of the laptop's lake dropped, so that a full refresh makes them anew from the files.

Needed after a change of the contract that no run can apply to a live table.
"""

from __future__ import annotations

from collections.abc import Sequence

from cli import runs
from local import athena
from local.errors import LakeError
from local.session import Session
from shared.contracts import contract
from shared.names import CHANGES

ZONES = ("silver", "gold")


class TableDropError(LakeError):
    """A table cannot be dropped."""


def stored_tables(session: Session, domain: str) -> list[str]:
    """The tables of silver and gold that a domain's lake has, as `gold.daily_revenue`, also those that no
    contract names any more; without the engine's own.
    """
    catalog = athena.catalog_of(session)
    databases = [(zone, session.names.database(domain, zone)) for zone in ZONES]
    found = [(zone, name[-1]) for zone, db in databases for name in catalog.list_tables(db)]
    return sorted(f"{zone}.{name}" for zone, name in found if name != CHANGES)


def drop_tables(session: Session, domain: str, tables: Sequence[str], lake: str = "") -> None:
    """Forgets tables, what remembers their deletes, their snapshots and their files. Raises TableDropError
    before any change: for a table that is not there, and while a run goes on.

    `lake`: the option that names the lake in a command to paste.
    """
    known = stored_tables(session, domain)
    if unknown := [t for t in tables if t not in known]:
        raise TableDropError(
            f"{domain} has no table {', '.join(unknown)}; expected some of {', '.join(known) or 'none'}"
        )
    if going_on := runs.running(session, domain):
        raise TableDropError(
            f"run {going_on[0]} goes on: wait for it, or `./lake run {domain}{lake} --stop`. Nothing was"
            " dropped"
        )
    glue = session.client("glue")
    for table in dict.fromkeys([*tables, *(t for t in _tombstones(domain, tables) if t in known)]):
        zone, _, name = table.partition(".")
        database = session.names.database(domain, zone)
        stored = glue.get_table(DatabaseName=database, Name=name)["Table"]
        glue.delete_table(DatabaseName=database, Name=name)
        _delete_below(session, stored["StorageDescriptor"]["Location"])


def _tombstones(domain: str, tables: Sequence[str]) -> list[str]:
    """What remembers deletes of the tables, or did under an earlier contract."""
    silver = contract(domain).silver
    own = {t.name for t in silver}
    chosen = [t for t in silver if f"silver.{t.name}" in tables and t.tombstones not in own]
    return [f"silver.{t.tombstones}" for t in chosen]


def _delete_below(session: Session, location: str) -> None:
    """A table that is made anew in the same place must find nothing of the old one."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    s3 = session.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        if objects := page.get("Contents"):
            s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": o["Key"]} for o in objects]})
