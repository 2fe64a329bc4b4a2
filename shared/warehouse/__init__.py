"""The Redshift side of a contract: tables, and the load of one Iceberg snapshot.

Standard library only; nothing is run here.
"""

from shared.warehouse.ddl import comments, create_table, definition, in_order_of_reference
from shared.warehouse.load import MAX_STATEMENTS, Batches, Snapshot, batches, manifest, opening, plan

__all__ = [
    "MAX_STATEMENTS",
    "Batches",
    "Snapshot",
    "batches",
    "comments",
    "create_table",
    "definition",
    "in_order_of_reference",
    "manifest",
    "opening",
    "plan",
]
