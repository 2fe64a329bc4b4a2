"""Records as text → typed rows, by the contract alone. Nothing is decided here: what does not cast becomes null beside its text."""

from __future__ import annotations

from pyspark.sql import DataFrame

from glue_scripts.engine.read import received
from glue_scripts.engine.sql import cleaned, quoted, typed
from shared.contracts import Contract, Dataset

TEXT = "_text_"


def conformed(records: DataFrame, contract: Contract, dataset: Dataset) -> DataFrame:
    """Typed columns, each non-text one beside its cleaned text `_text_<column>`, and `event_date`; the rest passes through."""
    table = dataset.lands_in
    names = received(dataset)
    texts = records.selectExpr(
        "_file", "_ingested_at", "_extra", "_raw", *(f"{cleaned(quoted(n), contract.null_spellings)} AS {quoted(TEXT + n)}" for n in names)
    )
    values = []
    for name in names:
        column = table.column(name)
        values.append(f"{typed(quoted(TEXT + name), column.type, column.case)} AS {quoted(name)}")
    kept = [quoted(TEXT + n) for n in names if table.column(n).type != "string"]
    rows = texts.selectExpr("_file", "_ingested_at", "_extra", "_raw", *values, *kept)
    return rows.selectExpr("*", f"CAST({quoted(dataset.event_date_column)} AS date) AS event_date")


def raw_record(dataset: Dataset) -> str:
    """SQL for what was received: the text of an unreadable record, otherwise its values as JSON, as they were before any cast."""
    table = dataset.lands_in
    cells = [quoted(TEXT + n) if table.column(n).type != "string" else quoted(n) for n in received(dataset)]
    fields = ", ".join(f"{c} AS {quoted(n)}" for c, n in zip(cells, received(dataset), strict=True))
    return f"coalesce(_raw, to_json(struct({fields}, _extra)))"
