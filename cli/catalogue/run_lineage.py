"""Of which columns those of computed tables are made, as a run said that followed Spark's plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cli.catalogue.lineage import table_place
from cli.catalogue.model import ColumnFlow, ColumnPlace
from shared.contracts import Contract
from shared.names import Names

Event = dict[str, Any]  # of OpenLineage
WAYS = {
    "IDENTITY": "as it is",
    "TRANSFORMATION": "computed with it",
    "AGGREGATION": "over several rows",
    "CONDITIONAL": "decides which value",
    "WINDOW": "decides among which rows",
    "SORT": "decides in which order",
    "FILTER": "decides which rows count",
    "JOIN": "decides which rows meet",
    "GROUP_BY": "decides which rows go together",
}


def recorded_flows(contract: Contract, names: Names, events: Iterable[Event]) -> Iterator[ColumnFlow]:
    """Of runs of the domain. Columns that the contract has no more are left out, and tables of others."""
    tables = {
        f"table/{names.database(contract.domain, t.zone)}/{t.name}": (table_place(contract, t), t)
        for t in contract.tables
    }
    for event in events:
        output = event["outputs"][0]
        place, table = tables[output["name"]]
        fields = output["facets"].get("columnLineage", {}).get("fields", {})
        for column in table.column_names:
            for source in fields.get(column, {}).get("inputFields", ()):
                above, known = tables.get(source["name"], (None, None))
                if above is not None and known is not None and source["field"] in known.column_names:
                    how = ", ".join(WAYS[t["subtype"]] for t in source["transformations"])
                    yield ColumnFlow(ColumnPlace(above, source["field"]), ColumnPlace(place, column), how)
