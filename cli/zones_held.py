"""How much each zone of a domain holds: files, rows and bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyiceberg.catalog import Catalog

from cli.counted_files import CountedFiles
from cli.stored_tables import StoredTable
from local.session import Session
from shared.contracts import contract
from shared.ledger.counters import PENDING
from shared.ledger.model import FileStatus
from shared.quarantine import rows_table
from shared.zones import archive_prefix

MOST_OBJECTS = 20_000  # of a zone that are listed, 1,000 a request


@dataclass(frozen=True)
class ZoneHeld:
    """`rows`: None where files are kept as they came. `more`: there are more bytes than were added up."""

    zone: str
    files: int
    rows: int | None
    bytes: int
    more: bool = False


def zones_held(
    session: Session, catalog: Catalog, domain: str, files: CountedFiles, tables: Sequence[StoredTable]
) -> list[ZoneHeld]:
    """Files of raw, bronze and quarantine as the ledger counts them, bytes as S3 lists them; of silver and
    gold what the current snapshots have.
    """
    received = sum(sum(counts.values()) - counts[PENDING] for counts in files.by_dataset.values())
    rejected = files.total(FileStatus.QUARANTINED)
    rows = sum(quarantined_rows(session, catalog, domain))
    return [
        ZoneHeld("raw", received, None, *_listed(session, "raw", [f"{domain}/"])),
        ZoneHeld(
            "bronze",
            files.total(FileStatus.ACCEPTED),
            None,
            *_listed(session, "bronze", [f"{domain}/", archive_prefix(domain)]),
        ),
        *(_of_tables(zone, tables) for zone in ("silver", "gold")),
        ZoneHeld("quarantine", rejected, rows, *_listed(session, "quarantine", [f"{domain}/"])),
    ]


def _of_tables(zone: str, tables: Iterable[StoredTable]) -> ZoneHeld:
    own = [t for t in tables if t.table.startswith(f"{zone}.")]
    files, rows, size = (sum(getattr(t, name) or 0 for t in own) for name in ("files", "rows", "bytes"))
    return ZoneHeld(zone, files, rows, size)


def quarantined_rows(session: Session, catalog: Catalog, domain: str) -> Iterator[int]:
    """Rows of each table of quarantined rows that is there."""
    agreed, database = contract(domain), session.names.database(domain, "quarantine")
    names = dict.fromkeys(rows_table(domain, d.name, agreed.layout) for d in agreed.datasets)
    for name in names:
        if catalog.table_exists((database, name)):
            yield catalog.load_table((database, name)).scan().count()


def _listed(session: Session, zone: str, prefixes: Sequence[str]) -> tuple[int, bool]:
    """Bytes of the current objects below some prefixes, and whether there are more than were listed."""
    pages = session.client("s3").get_paginator("list_objects_v2")
    size, more = 0, False
    for prefix in prefixes:
        asked = pages.paginate(
            Bucket=session.names.bucket(zone), Prefix=prefix, PaginationConfig={"MaxItems": MOST_OBJECTS}
        )
        size += sum(each["Size"] for page in asked for each in page.get("Contents", ()))
        more = more or asked.resume_token is not None
    return size, more
