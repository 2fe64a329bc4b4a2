"""One gold table in working form: how much a dataset has, per day where it has days."""

from __future__ import annotations

from collections.abc import Iterator

from cli.infer.draft import Draft, DraftColumn, DraftDataset
from cli.infer.vocabulary import AMOUNT_WORDS, has_word
from cli.infer.yaml_words import scalar


def counted_dataset(draft: Draft) -> DraftDataset:
    """The dataset that gold is made of: one with days, the largest."""
    return min(draft.datasets, key=lambda d: (not d.event_date, -d.rows, d.name))


def summed(dataset: DraftDataset) -> DraftColumn | None:
    """A column of amounts that may be added up, where there is one."""
    able = [
        c
        for c in sorted(dataset.columns, key=lambda c: c.name)
        if c.choice.type.startswith("decimal(18,")
        and has_word(c.steps[-1], AMOUNT_WORDS)
        and not c.choice.questions
    ]
    return able[0] if able else None


def gold_name(dataset: DraftDataset) -> str:
    return f"{dataset.name}_by_day" if dataset.event_date else f"{dataset.name}_in_all"


def gold_table(draft: Draft) -> Iterator[str]:
    """Its entry in the contract."""
    dataset = counted_dataset(draft)
    name, amount = gold_name(dataset), summed(dataset)
    column = ", column: event_date" if dataset.event_date else ""
    linked = f"{{table: {scalar(dataset.name)}{column}}}"
    yield f"  # --- Gold {'-' * 98}"
    yield f"  - name: gold_{name}"
    yield f"    physicalName: {name}"
    yield "    logicalType: object"
    yield f"    description: How many rows {dataset.name} has{' per day' if dataset.event_date else ''}."
    yield "    customProperties:"
    yield "      - {property: layer, value: gold}"
    yield "      - {property: kind, value: mart}"
    yield f"      - {{property: dependsOn, value: [{linked}]}}"
    yield "    properties:"
    yield from (DAY if dataset.event_date else TABLE)
    yield from ROWS
    if amount is not None:
        scale = amount.choice.type.partition(",")[2]
        yield f"      - name: {scalar(amount.name)}"
        yield "        logicalType: number"
        yield f"        physicalType: decimal(38,{scale}"
        yield f"        description: Sum of {amount.name}; a row without it adds nothing."


DAY = """\
      - name: date
        logicalType: date
        physicalType: date
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        partitioned: true
        partitionKeyPosition: 1
        description: The calendar day.""".splitlines()
TABLE = """\
      - name: table_name
        logicalType: string
        physicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        description: What was counted.""".splitlines()
ROWS = """\
      - name: row_count
        logicalType: integer
        physicalType: bigint
        required: true
        description: Number of rows.""".splitlines()


def statement_text(draft: Draft) -> str:
    """The SELECT that computes it."""
    dataset = counted_dataset(draft)
    amount = summed(dataset)
    first = "event_date AS date" if dataset.event_date else f"'{dataset.name}' AS table_name"
    columns = [first, "count(*) AS row_count", *([f"sum({amount.name}) AS {amount.name}"] if amount else [])]
    listed = ",\n    ".join(columns)
    days = "GROUP BY event_date\n" if dataset.event_date else ""
    return f"SELECT\n    {listed}\nFROM silver.{dataset.name}\n{days}"


def report_text(draft: Draft) -> str:
    """A query on it."""
    dataset = counted_dataset(draft)
    name, amount = gold_name(dataset), summed(dataset)
    first = "date" if dataset.event_date else "table_name"
    columns = [first, "row_count", *([amount.name] if amount is not None else [])]
    listed = ",\n       ".join(columns)
    what = "per day, the newest day first" if dataset.event_date else "in all"
    order = f"\nORDER BY {first} DESC" if dataset.event_date else ""
    return f"-- Rows of {dataset.name} {what}.\nSELECT {listed}\nFROM gold.{name}{order}\n"
