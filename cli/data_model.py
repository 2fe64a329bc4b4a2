"""docs/data-model.md: every table, column, key and rule in words, written from the contracts."""

from __future__ import annotations

from pathlib import Path

from shared.contracts import Contract, Dataset, Table, contracts
from shared.reasons import FILE_HELP, ROW_HELP

PAGE = Path(__file__).parents[1] / "docs" / "data-model.md"
KINDS = {
    "keyed": "one row per key, the newest version",
    "log": "every accepted record once",
    "files": "every accepted record of the newest version of each file",
    "latest": "one row per key, the newest value of each column",
    "scd2": "one row per key and interval of validity",
    "computed": "computed from the tables that files land in",
    "dim": "dimension",
    "fact": "fact",
    "mart": "report",
    "bridge": "bridge",
}


def page() -> str:
    """The whole page as Markdown."""
    parts = [
        "# Data model",
        "",
        "Written from the contracts by `./lake contract docs`; do not edit. For every domain: what producers drop, what silver and gold "
        "hold, and why a file or row is put aside.",
        "",
    ]
    for contract in contracts():
        parts += _domain(contract)
    parts += ["## Why a file is put aside", "", "| reason | meaning and what to do |", "|---|---|"]
    parts += [f"| `{reason}` | {help_} |" for reason, help_ in FILE_HELP.items()]
    parts += ["", "## Why a row is put aside", "", "| reason | meaning |", "|---|---|"]
    parts += [f"| `{reason}` | {help_} |" for reason, help_ in ROW_HELP.items()]
    return "\n".join(parts) + "\n"


def _domain(contract: Contract) -> list[str]:
    parts = [f"## Domain {contract.domain} ({contract.version})", "", contract.description, ""]
    spellings = ", ".join(f"`{s}`" if s else "nothing at all" for s in contract.null_spellings)
    parts += [f"Read as empty, in any case and between any blanks: {spellings}.", ""]
    for name, values in contract.parameters.items():
        parts += [f"`{name}`: {', '.join(f'`{v}`' for v in values)}.", ""]
    for dataset in contract.datasets:
        parts += _dataset(dataset)
    for table in contract.tables:
        parts += _table(table)
    return parts


def _dataset(dataset: Dataset) -> list[str]:
    again = "is recorded as a duplicate and skipped" if dataset.duplicate_files == "skip" else "is accepted again"
    return [
        f"### Dropped files: raw `{dataset.domain}/{dataset.name}/`",
        "",
        dataset.description,
        "",
        f"Formats (told by the content, not the name; each may be gzipped): {', '.join(dataset.formats)}. "
        f"The same content a second time {again}. "
        f"A file with more than {dataset.max_unreadable_rate:.0%} unreadable records is put aside as a whole. "
        + (f"Always: {', '.join(f'`{k}` = `{v}`' for k, v in dataset.constants.items())}. " if dataset.constants else "")
        + ("Files move to the archive once silver holds them. " if dataset.archive else "")
        + _shape(dataset)
        + f"Records land in silver `{dataset.lands_in.name}`"
        + (f"; their event date is the UTC date of `{dataset.event_date_column}`." if dataset.event_date_column else "."),
        "",
    ]


def _shape(dataset: Dataset) -> str:
    """What is to be known of text without header."""
    if dataset.header:
        return ""
    other = f"a line that is no UTF-8 is {dataset.fallback_encoding}; " if dataset.fallback_encoding else ""
    return (
        "The text has no header: the columns are those of silver that are not computed, in that order, separated by "
        f"`{dataset.delimiter}`, which may also end a line; {other}bronze holds the rows as Parquet. "
    )


def _table(table: Table) -> list[str]:
    place = f"{table.zone} `{table.name}`"
    parts = [f"### {place}", "", f"{table.description} ({KINDS[table.kind]})", ""]
    parts += [f"Key: {', '.join(f'`{k}`' for k in table.primary_key)}."]
    if table.partitioned_by:
        parts += [f"Partitioned by {', '.join(f'`{p}`' for p in table.partition_fields)}."]
    if table.order:
        parts += [f"The newest by {', then '.join(f'`{o}`' for o in table.order)} counts; equal ones are decided by content."]
    parts += ["", "| column | type | meaning | also spelt | refers to |", "|---|---|---|---|---|"]
    for c in table.columns:
        notes = (
            c.description
            + (f" Computed: `{c.derived}`." if c.derived else "")
            + (" Confidential." if c.confidential else "")
            + (" Always present." if c.required else "")
        )
        spelt, target = ", ".join(f"`{a}`" for a in c.aliases), f"`{c.references}`" if c.references else ""
        parts += [f"| `{c.name}` | {c.type} | {notes} | {spelt} | {target} |"]
    parts += ["", *_compound(table)] if table.compound_references else []
    if table.zone == "silver":
        parts += [
            "",
            "Lineage: `_source_file` (raw key), `_ingested_at`, `_run_id`; `_extra` holds columns that no contract knows, as JSON text.",
        ]
    if table.rejects:
        parts += ["", "Rows are put aside when:", ""]
        parts += [f"- `{r.when}` → `{r.reason}` ({', '.join(r.columns)})" for r in table.rejects]
    if table.gate:
        parts += ["", "Quality gate before gold:", ""]
        parts += [f"- {t.action} when `{t.metric}` is above {t.maximum} (runs of {t.minimum_rows} rows or more)" for t in table.gate]
    return [*parts, ""]


def _compound(table: Table) -> list[str]:
    return [
        f"Together {', '.join(f'`{c}`' for c in r.columns)} refer to {', '.join(f'`{r.table}.{k}`' for k in r.keys)}."
        for r in table.compound_references
    ]


def write() -> Path:
    PAGE.write_text(page(), "utf-8")
    return PAGE
