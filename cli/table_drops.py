"""Tables dropped, so that a full refresh makes them anew from the files.

Needed after a change of the contract that no run can apply to a live table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from cli import runs
from local import athena
from local.errors import LakeError
from local.session import Session
from shared.contracts import contract
from shared.contracts.evolution import BESIDE
from shared.names import CHANGES

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ErrorTypeDef

ZONES = ("silver", "gold")
MOST_KEYS = 1000  # that one request deletes


class TableDropError(LakeError):
    """A table cannot be dropped."""


def stored_tables(session: Session, domain: str) -> list[str]:
    """The tables of silver and gold that a domain's lake has, as `gold.daily_revenue`, also those that no
    contract names any more; without the engine's own.
    """
    catalog = athena.catalog_of(session)
    databases = [(zone, session.names.database(domain, zone)) for zone in ZONES]
    found = [(zone, name[-1]) for zone, db in databases for name in catalog.list_tables(db)]
    own = (f"{zone}.{name}" for zone, name in found if name != CHANGES and not name.endswith(BESIDE))
    return sorted(own)


def drop_tables(session: Session, domain: str, tables: Sequence[str], lake: str = "") -> None:
    """Forgets tables, what remembers their deletes, their snapshots and their files. Raises TableDropError
    before any change: for a table that is not there, and while a run goes on.

    `lake`: the option that names the lake in a command to paste.
    """
    known = stored_tables(session, domain)
    if unknown := [t for t in tables if t not in known]:
        raise TableDropError(
            f"{domain} has no table {', '.join(unknown)}; expected some of {', '.join(known) or 'none'}",
            "name one of these",
        )
    if going_on := runs.running(session, domain):
        raise TableDropError(
            f"run {going_on[0]} goes on. Nothing was dropped",
            f"wait for it, or ./lake run {domain}{lake} --stop",
        )
    places(session, domain, tables)
    for table in tables:
        for _ in dropping(session, domain, table):
            pass


def dropping(session: Session, domain: str, table: str) -> Iterator[None]:
    """Drops one, with what remembers its deletes; the caller sees that no run goes on, and is given the word
    before each request, so that it can see to that for as long as it takes. Raises TableDropError after the
    last, where S3 kept some of the files.
    """
    glue, s3 = session.client("glue"), session.client("s3")
    for each, place in places(session, domain, [table]).items():
        bucket, _, prefix = place.removeprefix("s3://").partition("/")
        keys: list[str] = []
        # All names before the table goes: were it made anew meanwhile, its files would not be among them.
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
            keys += [o["Key"] for o in page.get("Contents", [])]
            yield
        zone, _, name = each.partition(".")
        database = session.names.database(domain, zone)
        glue.delete_table(DatabaseName=database, Name=name)
        with suppress(glue.exceptions.EntityNotFoundException):  # what a run that died left beside it
            glue.delete_table(DatabaseName=database, Name=f"{name}{BESIDE}")
        kept = list["ErrorTypeDef"]()
        for start in range(0, len(keys), MOST_KEYS):
            yield
            some = keys[start : start + MOST_KEYS]
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some]})
            kept += answer.get("Errors", [])
        if kept:
            raise TableDropError(
                f"{each} is dropped, but {len(kept)} of its files stay below {place}/:"
                f" {kept[0].get('Key')}: {kept[0].get('Message')}",
                f"no table reads them; delete them by hand: aws s3 rm --recursive {place}/",
            )


def places(session: Session, domain: str, tables: Sequence[str]) -> dict[str, str]:
    """Where the tables, and what remembers their deletes, have their files: of those that are there.

    Raises TableDropError for a table whose files are not in a folder of its own below the domain's: somebody
    else made it, and what is deleted there need not be its own.
    """
    known = _locations(session, domain)
    chosen = {t: known[t] for t in (*tables, *_tombstones(domain, tables)) if t in known}
    for table, place in chosen.items():
        ours = f"s3://{session.names.bucket(table.partition('.')[0])}/{domain}/"
        if not place.startswith(ours):
            raise TableDropError(
                f"{table} has its files in {place or 'no place'}, not below {ours}: this lake did"
                " not make it. Nothing was dropped",
                "drop it by hand if it is yours",
            )
        if inside := [t for t, other in known.items() if t != table and f"{other}/".startswith(f"{place}/")]:
            raise TableDropError(
                f"{', '.join(inside)} has its files in {place} too, the folder of {table}. Nothing"
                " was dropped",
                "drop by hand the one that this lake did not make",
            )
    return chosen


def _locations(session: Session, domain: str) -> dict[str, str]:
    """Of all that the domain's databases have, whoever made it."""
    found, pages = {}, session.client("glue").get_paginator("get_tables")
    for zone in ZONES:
        for page in pages.paginate(DatabaseName=session.names.database(domain, zone)):
            for table in page["TableList"]:
                location = table.get("StorageDescriptor", {}).get("Location", "")
                if not table["Name"].endswith(BESIDE):  # is in the folder of the table that it was to replace
                    found[f"{zone}.{table['Name']}"] = location.rstrip("/")
    return found


def _tombstones(domain: str, tables: Sequence[str]) -> list[str]:
    """What remembers deletes of the tables, or did under an earlier contract."""
    silver = contract(domain).silver
    own = {t.name for t in silver}
    chosen = [t for t in silver if f"silver.{t.name}" in tables and t.tombstones not in own]
    return [f"silver.{t.tombstones}" for t in chosen]
