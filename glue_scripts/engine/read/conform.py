"""Records as text → typed rows, by the contract alone.

Nothing is decided here: what does not cast becomes null beside its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from pyspark.sql import DataFrame

from glue_scripts.engine.read.attempts import attempt, value
from glue_scripts.engine.read.sql import BLANKS, INVISIBLE, cleaned, literal, quoted, typed
from glue_scripts.engine.read.times_sql import event_day
from shared.contracts import Column, Contract, Dataset, Table
from shared.records.verdict import UNCAST, kept_as_text
from shared.values import Plan

TEXT = "_text_"
RECEIVED = "_received_"  # a cell as the reader gave it
TRIED = "_tried_"  # a derived column as `attempt` has it: null where it failed
CARRIED = ("_file", "_place", "_mark", "_ingested_at", "_day", "_extra", "_raw", "_faults", "_record")


def conformed(
    records: DataFrame, contract: Contract, dataset: Dataset, *, received: bool = True
) -> DataFrame:
    """Typed columns, each non-text one beside its cleaned text `_text_<column>`, constants, and derived ones
    but the key, each beside `_tried_<column>`. `received`: each cell as the reader gave it, too, which only
    quarantine needs: a plan of that many columns takes seconds.

    What bronze holds in the contract's types is taken as it is; only what is of no type has a text beside it.
    """
    rows = _typed(records, contract, dataset, dataset.sent if received else ())
    table = dataset.target
    constants = [
        f"CAST({literal(v)} AS {table.column(n).type}) AS {quoted(n)}" for n, v in dataset.constants.items()
    ]
    date = dataset.event_date_column
    day = [f"{day_of(table, date)} AS event_date"] if date else []
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


def day_of(table: Table, column: str) -> str:
    """SQL for the event date of a row by one of its columns: the calendar day in the table's zone."""
    if table.column(column).type == "date":
        return quoted(column)
    return event_day(quoted(column), table.event_timezone)


def text_of(table: Table, name: str, plan: Plan, contract: Contract, source: str) -> str:
    """SQL for the cleaned text of a column, null where it says nothing."""
    return cleaned(source, nothing_of(plan, contract), _blanks(table, name))


def nothing_of(plan: Plan, contract: Contract) -> tuple[str, ...]:
    """Texts that mean no value in a column."""
    return (*contract.null_spellings, *plan.nothing)


def _blanks(table: Table, name: str) -> str:
    """What is trimmed from the ends of a column: from those by which rows are found also what nobody sees."""
    identifies = name in table.primary_key or any(name in r.columns for r in table.references)
    return INVISIBLE if identifies else BLANKS


def _typed(records: DataFrame, contract: Contract, dataset: Dataset, received: Sequence[str]) -> DataFrame:
    """Each column by its plan, beside its text; what bronze holds with a type is taken as it is, and has as
    text only what was of none. `received`: columns of which the cell is kept.
    """
    table, plans = dataset.target, {name: dataset.plan(name) for name in dataset.received}
    in_bronze = dataset.stored_as == "parquet"
    # What stands in the key is text, whatever bronze holds.
    taken = [n for n, p in plans.items() if in_bronze and n in dataset.sent and not kept_as_text(p)]
    sources = {n: f"{UNCAST}[{literal(n)}]" if n in taken else quoted(n) for n in plans}
    texts = [f"{text_of(table, n, p, contract, sources[n])} AS {quoted(TEXT + n)}" for n, p in plans.items()]
    values = {
        n: typed(quoted(TEXT + n), p, table.column(n).case, "_day", nothing_of(p, contract))
        for n, p in plans.items()
    }
    values |= {n: f"coalesce({quoted(n)}, {values[n]})" for n in taken}
    given = {
        n: f"coalesce({sources[n]}, CAST({quoted(n)} AS string))" if n in taken else quoted(n)
        for n in received
    }
    cells = [f"{source} AS {quoted(RECEIVED + n)}" for n, source in given.items()]
    return records.selectExpr(*CARRIED, *map(quoted, taken), *texts, *cells).selectExpr(
        *CARRIED,
        *(f"{v} AS {quoted(n)}" for n, v in values.items()),
        *_kept_texts(dataset),
        *(quoted(RECEIVED + n) for n in received),
    )


def _kept_texts(dataset: Dataset) -> list[str]:
    return [quoted(TEXT + n) for n in dataset.received if dataset.target.column(n).type != "string"]


def received_columns(dataset: Dataset) -> list[str]:
    """What `raw_record` needs of a row."""
    return ["_raw", "_record", "_extra", *(quoted(RECEIVED + n) for n in dataset.sent)]


def raw_record(dataset: Dataset) -> str:
    """SQL for a record as it was received: its text, or its cells as JSON under the names that the file has
    for them (`_names`). A name that stands there twice is there twice: nothing fails on it.
    """
    cells = ", ".join(
        f"struct(coalesce(_names[{literal(n)}], {literal(n)}) AS key, {quoted(RECEIVED + n)} AS value)"
        for n in dataset.sent
    )
    every = f"concat(array({cells}), coalesce(map_entries(_extra), array()))"
    field = f"concat({_json('e.key')}, ':', {_json('e.value')})"
    fields = f"transform(filter({every}, e -> e.value IS NOT NULL), e -> {field})"
    # A function of a list is not compiled: most records do without it.
    plain = ", ".join(f"{quoted(RECEIVED + n)} AS {quoted(n)}" for n in dataset.sent)
    as_named = f"CASE WHEN _extra IS NULL AND size(_names) = 0 THEN to_json(struct({plain})) END"
    return f"coalesce(_raw, _record, {as_named}, concat('{{', array_join({fields}, ','), '}}'))"


def _json(text: str) -> str:
    """SQL for a text as JSON has it, which a list of it begins and ends with a bracket around."""
    listed = f"to_json(array({text}))"
    return f"substring({listed}, 2, length({listed}) - 2)"
