"""Who may see what of a table, in the words of Lake Formation's tags.

Tables are confidential until somebody says more: the job of silver names the columns that are not.
"""

from __future__ import annotations

from shared.contracts.model import Table

DOMAIN, ZONE, CLASSIFICATION = "domain", "zone", "classification"
CONFIDENTIAL, PUBLIC = "confidential", "public"
VALUES = (CONFIDENTIAL, PUBLIC)


def by_classification(table: Table) -> dict[str, list[str]]:
    """The columns of a table's contract by their classification.

    What else a table stores, the lineage of rows and columns that no contract names, is in neither: it stays
    what the table is.
    """
    found: dict[str, list[str]] = {value: [] for value in VALUES}
    for column in table.columns:
        found[CONFIDENTIAL if column.confidential else PUBLIC].append(column.name)
    return found
