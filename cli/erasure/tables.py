"""The domain's Iceberg tables after they were computed anew: nothing of what they were before stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH

from cli.erasure.objects import Version, delete, versions
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


def remove_unused(s3: S3Client, tables: list[Table]) -> int:
    """Deletes for good every version of an object in the tables' folders that they do not consist of: what
    expired, and what S3 keeps of what was deleted. How many.
    """
    used = set().union(*map(files_of, tables)) if tables else set()
    deleted = 0
    for location in sorted({t.location().rstrip("/") for t in tables}):
        bucket, _, folder = location.partition("://")[2].partition("/")
        unused = (v for v in versions(s3, bucket, f"{folder}/") if not _is_used(v, used))
        deleted += delete(s3, unused)
    return deleted


def _is_used(version: Version, used: set[str]) -> bool:
    return (
        version.latest
        and not version.marker
        and any(f"{scheme}://{version.bucket}/{version.key}" in used for scheme in ("s3", "s3a"))
    )
