"""The Redshift side of a contract: tables, and the load of one Iceberg snapshot.

Standard library only; nothing is run here.
"""

from shared.warehouse.changes import Change, Snapshot, bases, change
from shared.warehouse.ddl import comments, create_table, definition, in_order_of_reference
from shared.warehouse.load import MAX_STATEMENTS, Batches, batches, manifest, opening, plan
from shared.warehouse.texts import sized, unsized, width

__all__ = [
    "MAX_STATEMENTS",
    "Batches",
    "Change",
    "Snapshot",
    "bases",
    "batches",
    "change",
    "comments",
    "create_table",
    "definition",
    "in_order_of_reference",
    "manifest",
    "opening",
    "plan",
    "sized",
    "unsized",
    "width",
]
