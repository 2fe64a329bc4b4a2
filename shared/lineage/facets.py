"""The facets that events have, each with the version of its schema.

Ours is `lakehouse_balance`: what became of the records that a run received. Its schema is a file of this
repository, docs/reference/LakehouseBalanceRunFacet-1-1-0.json; the repository has no address that is the same
for everybody who has a copy of it, so the schema is named by a URN with its path.
"""

from __future__ import annotations

from typing import Any

from shared.ledger.model import RowCounts
from shared.lineage.datasets import JSON

PRODUCER = "urn:lakehouse:glue_scripts/engine/lineage"
SPEC = "https://openlineage.io/spec/facets"
BALANCE = "lakehouse_balance"
BALANCE_SCHEMA = "docs/reference/LakehouseBalanceRunFacet-1-1-0.json"
SCHEMAS = {
    "parent": ("ParentRunFacet", "1-2-0"),
    "nominalTime": ("NominalTimeRunFacet", "1-0-1"),
    "errorMessage": ("ErrorMessageRunFacet", "1-0-1"),
    "processing_engine": ("ProcessingEngineRunFacet", "1-1-1"),
    "jobType": ("JobTypeJobFacet", "2-0-4"),
    "schema": ("SchemaDatasetFacet", "1-2-0"),
    "symlinks": ("SymlinksDatasetFacet", "1-0-1"),
    "version": ("DatasetVersionDatasetFacet", "1-0-1"),
    "columnLineage": ("ColumnLineageDatasetFacet", "1-2-0"),
    "outputStatistics": ("OutputStatisticsOutputDatasetFacet", "1-0-2"),
    "dataQualityMetrics": ("DataQualityMetricsInputDatasetFacet", "1-0-3"),
    "dataQualityAssertions": ("DataQualityAssertionsDatasetFacet", "1-1-0"),
}


def facet(name: str, /, **content: Any) -> dict[str, JSON]:
    """The facet under its name, as events have it."""
    return {name: {"_producer": PRODUCER, "_schemaURL": _schema(name), **content}}


def balance(rows: RowCounts, files: int) -> dict[str, JSON]:
    """What became of the records that a run received, with which it balanced."""
    return facet(
        BALANCE,
        received=rows.read,
        written=rows.written,
        quarantined=rows.quarantined,
        deduplicated=rows.deduplicated,
        replaced=rows.replaced,
        files=files,
        **({"expired": rows.expired} if rows.expired else {}),
        **({"erased": rows.erased} if rows.erased else {}),
    )


def _schema(name: str) -> str:
    if name == BALANCE:
        return f"urn:lakehouse:{BALANCE_SCHEMA}#/$defs/LakehouseBalanceRunFacet"
    kind, version = SCHEMAS[name]
    return f"{SPEC}/{version}/{kind}.json#/$defs/{kind}"
