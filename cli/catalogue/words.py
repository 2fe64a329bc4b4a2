"""What datasets and tables promise, in sentences; names stand between backticks."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contracts import Column, Dataset, Table
from shared.contracts.model import Protect
from shared.values.words import described

KINDS = {
    "keyed": "one row per key, the newest version",
    "log": "every accepted record once",
    "files": "every accepted record of the newest version of each file",
    "latest": "one row per key, the newest value of each column",
    "scd2": "one row per key and interval of validity",
    "computed": "computed from the tables that files are loaded into",
    "dim": "dimension",
    "fact": "fact",
    "mart": "report",
    "bridge": "bridge",
}
ROW_COLUMNS = (
    ("_source_file", "key of the file in the raw bucket"),
    ("_ingested_at", "when ingestion saw that file"),
    ("_run_id", "the run that wrote the row"),
    ("_file_order", "of two files, the greater was written later"),
    ("_extra", "columns that the contract does not know, as JSON text"),
)


def dataset_facts(dataset: Dataset) -> Iterator[str]:
    """How files of a dataset are read, and what becomes of them."""
    again = (
        "is recorded as a duplicate and skipped" if dataset.duplicate_files == "skip" else "is accepted again"
    )
    constants = ", ".join(f"`{k}` = `{v}`" for k, v in dataset.constants.items())
    zone = dataset.target.event_timezone
    event_date = f"; their event date is the day of `{dataset.event_date_column}` in the zone {zone}."
    sentences = [
        f"Dropped under `{dataset.domain}/{dataset.files_of or dataset.name}/`.",
        f"Formats: {', '.join(dataset.formats)}, each also compressed; the content decides, not the name.",
        f"The same content a second time {again}.",
        (
            f"A file with more than {dataset.max_unreadable_rate:.0%} unreadable records is quarantined as a"
            " whole."
        ),
        f"Always: {constants}." if constants else "",
        "Files move to the archive once silver holds them." if dataset.archive else "",
        _shape(dataset),
        f"Its records are in the list at `{dataset.records}`." if dataset.records else "",
        f"Each element of a record's list `{dataset.explode}` is a row." if dataset.explode else "",
        _left_out(dataset),
        *_spelled(dataset),
        f"Records are loaded into silver `{dataset.target.name}`"
        + (event_date if dataset.event_date_column else "."),
    ]
    return (sentence for sentence in sentences if sentence)


def _left_out(dataset: Dataset) -> str:
    """What of a file or among files is no record."""
    lines = {"Comments": dataset.comment, "Footers": dataset.footer}
    found = [f"{what} begin with `{pattern}`." for what, pattern in lines.items() if pattern]
    if isinstance(dataset.header, int):
        found.append(f"The header is line {dataset.header}.")
    if dataset.sheet:
        found.append(f"Of a workbook the sheet `{dataset.sheet}` counts.")
    if dataset.ignore:
        found.append(f"Ignored: {', '.join(f'`{pattern}`' for pattern in dataset.ignore)}.")
    return " ".join(found)


def _spelled(dataset: Dataset) -> list[str]:
    """How the dataset's values are spelled, columns with equal words together."""
    words: dict[str, list[str]] = {}
    for name in dataset.received:
        if text := described(dataset.plan(name)):
            words.setdefault(text, []).append(f"`{name}`")
    return [f"{', '.join(names)}: {text}." for text, names in words.items()]


def _shape(dataset: Dataset) -> str:
    """What is to be known of text without header."""
    if dataset.header != "none":
        return ""
    other = f" A line that is no UTF-8 is {dataset.fallback_encoding}." if dataset.fallback_encoding else ""
    return (
        "The text has no header: the columns are those of silver that are not computed, in that order,"
        f" separated by `{dataset.delimiter}`, which may also end a line.{other} Bronze holds the rows as"
        " Parquet."
    )


def table_facts(table: Table) -> Iterator[str]:
    """Which version of a row counts, and what takes rows away."""
    order = ", then ".join(f"`{o}`" for o in table.order)
    if table.order and table.kind in ("keyed", "latest", "scd2"):
        yield (
            f"The newest by {order} counts; of equal ones the one of the later file, and in a file the later"
            " record."
        )
    if table.kind == "log":
        yield "Of equal records one is kept, with the lineage of a file that has it."
    if table.follows_files:
        yield "A corrected file takes back the rows that it no longer has."
    if table.snapshot:
        yield (
            "The newest file is the whole, or the newest day's files where keys name a day: rows that it"
            " lacks are gone, and an older file that comes late changes nothing."
        )
    if table.retention_days:
        yield f"A row leaves when its `event_date` is more than {table.retention_days} days ago."
    if (operation := table.operation) is None:
        return
    upsert, delete = (", ".join(f"`{v}`" for v in vs) for vs in (operation.upsert, operation.delete))
    wrapped = f" Records come in the envelope of {operation.envelope}." if operation.envelope else ""
    does = f"{upsert} brings a row, {delete} takes it away"
    yield f"`{operation.column}` says what a record does: {does}.{wrapped}"
    if table.buries:
        yield (
            f"`{table.tombstones}` has the key and the order of each delete, so that an older version that"
            " comes late does not bring the row back."
        )


PROTECTED: dict[Protect, str] = {
    "hash": "From silver on its keyed hash, a text of 64 hexadecimal digits.",
    "null": "From silver on always empty.",
}


def column_notes(column: Column) -> Iterator[str]:
    """What a column's own words do not say."""
    if column.derived:
        yield f"Computed: `{column.derived}`."
    if column.path:
        yield f"In the record at `{column.path}`."
    if column.from_key:
        yield f"From the key: `{column.from_key}`."
    if column.json:
        yield "An object or a list is kept as JSON."
    if column.max_length:
        yield f"At most {column.max_length} characters."
    if column.protect:
        yield PROTECTED[column.protect]


def reject_rules(table: Table) -> Iterator[str]:
    """When a row of the table is quarantined, beside what holds for all tables."""
    for rule in table.rejects:
        yield f"`{rule.when}` → `{rule.reason}` ({', '.join(rule.columns)})"


def gate_rules(table: Table) -> Iterator[str]:
    """What is judged of a run before gold follows; first what is, then what is not."""
    for threshold in table.gate:
        if threshold.action != "off":
            yield (
                f"{threshold.action} when `{threshold.metric}` is above {threshold.maximum}"
                f" (runs of {threshold.minimum_rows} rows or more)"
            )
    for threshold in table.gate:
        if threshold.action == "off":
            yield f"`{threshold.metric}` is not judged"
