"""The domain's Iceberg tables after they were computed anew: nothing of what they were before stays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH

from cli.erasure.objects import MOST_KEYS, Version, versions
from shared.contracts import Contract
from shared.names import CHANGES, Names
from shared.quarantine import rows_table

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def own_tables(catalog: Catalog, names: Names, contract: Contract) -> list[Table]:
    """The Iceberg tables that the lake makes of a domain, as far as they are there; others that somebody put
    beside them are left alone.
    """
    known: list[tuple[str, str]] = [(t.zone, t.name) for t in contract.tables]
    known += [(t.zone, t.tombstones) for t in contract.silver if t.buries]
    known += [("quarantine", rows_table(contract.domain, d.name, contract.layout)) for d in contract.datasets]
    known.append(("silver", CHANGES))
    identifiers = [(names.database(contract.domain, zone), name) for zone, name in dict.fromkeys(known)]
    return [catalog.load_table(i) for i in identifiers if catalog.table_exists(i)]


def forget_history(table: Table) -> int:
    """Leaves a table its current snapshot alone; how many others it had."""
    for name, ref in list(table.refs().items()):
        if name != MAIN_BRANCH:
            with table.manage_snapshots() as change:
                (change.remove_tag if ref.snapshot_ref_type == "tag" else change.remove_branch)(name)
    current = table.current_snapshot()
    old = [
        s.snapshot_id for s in table.snapshots() if current is None or s.snapshot_id != current.snapshot_id
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def files_of(table: Table) -> set[str]:
    """Locations of all that a table without history consists of."""
    found = {table.metadata_location, *(m.metadata_file for m in table.metadata.metadata_log)}
    found |= {s.statistics_path for s in table.metadata.statistics}
    found |= {s.statistics_path for s in table.metadata.partition_statistics}
    for snapshot in table.snapshots():
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found |= {e.data_file.file_path for e in entries}
    return found


def unused(s3: S3Client, table: Table) -> Iterator[list[Version]]:
    """Every version of an object in the table's folder that it does not consist of, some at a time: what
    expired, and what S3 keeps of what was deleted. Each part comes soon after the one before, if empty.
    """
    used = files_of(table)
    bucket, _, folder = table.location().rstrip("/").partition("://")[2].partition("/")
    listed = versions(s3, bucket, f"{folder}/")
    while part := list(islice(listed, MOST_KEYS)):
        yield [v for v in part if not _is_used(v, used)]


def _is_used(version: Version, used: set[str]) -> bool:
    return (
        version.latest
        and not version.marker
        and any(f"{scheme}://{version.bucket}/{version.key}" in used for scheme in ("s3", "s3a"))
    )
