"""Records as text → typed rows, by the contract alone.

Nothing is decided here: what does not cast becomes null beside its text.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame

from glue_scripts.engine.read.attempts import attempt, value
from glue_scripts.engine.read.sql import cleaned, literal, quoted, respelled, typed
from shared.contracts import Column, Contract, Dataset, Table
from shared.records.verdict import UNCAST
from shared.spellings import spellings_of

TEXT = "_text_"
TRIED = "_tried_"  # a derived column as `attempt` has it: null where it failed


def conformed(records: DataFrame, contract: Contract, dataset: Dataset) -> DataFrame:
    """Typed columns, each non-text one beside its cleaned text `_text_<column>`, constants, and derived ones
    but the key, each beside `_tried_<column>`.

    What bronze holds in the contract's types is taken as it is; only what is of no type has a text beside it.
    """
    rows = (
        _taken(records, contract, dataset)
        if dataset.stored_as == "parquet"
        else _cast(records, contract, dataset)
    )
    table = dataset.target
    constants = [
        f"CAST({literal(v)} AS {table.column(n).type}) AS {quoted(n)}" for n, v in dataset.constants.items()
    ]
    day = (
        [f"CAST({quoted(dataset.event_date_column)} AS date) AS event_date"]
        if dataset.event_date_column
        else []
    )
    computed = [
        sql
        for c in derived_columns(table)
        for sql in (
            f"{attempt(c.derived or '', c.type)} AS {quoted(TRIED + c.name)}",
            f"{value(quoted(TRIED + c.name), c.type)} AS {quoted(c.name)}",
        )
    ]
    # One after the other: a derived column may rest on those above it.
    return reduce(
        lambda known, sql: known.selectExpr("*", sql), computed, rows.selectExpr("*", *constants, *day)
    )


def derived_columns(table: Table) -> list[Column]:
    """Those that are computed before a row is judged; a derived key comes with the row's number, after it."""
    return [c for c in table.columns if c.derived and c.name not in table.primary_key]


def _taken(records: DataFrame, contract: Contract, dataset: Dataset) -> DataFrame:
    values, texts = [], []
    for name in dataset.received:
        if dataset.target.column(name).type == "string":
            values.append(f"{cleaned(quoted(name), contract.null_spellings)} AS {quoted(name)}")
        else:
            values.append(quoted(name))
            texts.append(
                f"{cleaned(f'{UNCAST}[{literal(name)}]', contract.null_spellings)} AS {quoted(TEXT + name)}"
            )
    return records.selectExpr("_file", "_ingested_at", "_extra", "_raw", *values, *texts)


def _cast(records: DataFrame, contract: Contract, dataset: Dataset) -> DataFrame:
    table, names = dataset.target, dataset.received
    texts = records.selectExpr(
        "_file",
        "_ingested_at",
        "_day",
        "_extra",
        "_raw",
        *(f"{cleaned(quoted(n), contract.null_spellings)} AS {quoted(TEXT + n)}" for n in names),
    )
    own, values = spellings_of(contract.domain), []
    for name in names:
        column = table.column(name)
        text = respelled(quoted(TEXT + name), [own[t] for t in column.times], "_day")
        values.append(f"{typed(text, column.type, column.case)} AS {quoted(name)}")
    kept = [quoted(TEXT + n) for n in names if table.column(n).type != "string"]
    return texts.selectExpr("_file", "_ingested_at", "_extra", "_raw", *values, *kept)


def raw_record(dataset: Dataset) -> str:
    """SQL for what was received: the text of an unreadable record, otherwise its values as JSON, as they were
    before any cast.
    """
    table = dataset.target
    taken = dataset.stored_as == "parquet"
    texts = {
        n: f"coalesce({quoted(TEXT + n)}, CAST({quoted(n)} AS string))" if taken else quoted(TEXT + n)
        for n in dataset.received
    }
    cells = [texts[n] if table.column(n).type != "string" else quoted(n) for n in dataset.received]
    fields = ", ".join(f"{c} AS {quoted(n)}" for c, n in zip(cells, dataset.received, strict=True))
    return f"coalesce(_raw, to_json(struct({fields}, _extra)))"
