"""docs/reference/data-model: every table, column, key and rule in words, written from the contracts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.contracts import Contract, Dataset, Table, contracts
from shared.reasons import FILE_HELP, ROW_HELP
from shared.values.words import described

FOLDER = Path(__file__).parents[1] / "docs" / "reference" / "data-model"
INDEX = "README.md"
MARK = "Written from the contracts by `./lake contract docs`; do not edit."
LONGEST = 500  # lines of a page
LAYERS = ("raw", "silver", "gold")
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


@dataclass(frozen=True)
class Entry:
    """A dataset or a table: a section of a page, and a line of the domain's overview."""

    layer: str
    name: str
    kind: str
    text: Sequence[str]

    @property
    def anchor(self) -> str:
        return f"{self.layer}-{self.name}"

    @property
    def section(self) -> list[str]:
        return [f"## {self.layer} `{self.name}`", "", *self.text, ""]


def pages() -> dict[str, str]:
    """All pages by their path below the folder: the index, and one for each domain."""
    found = contracts()
    written = {INDEX: _index(found)}
    for contract in found:
        written |= _domain_pages(contract)
    return {path: "\n".join(lines).rstrip("\n") + "\n" for path, lines in written.items()}


def write(folder: Path = FOLDER) -> list[Path]:
    """Writes the pages, and removes those of domains that are no more; other files of the folder stay."""
    wanted = pages()
    for path in folder.rglob("*.md"):
        if path.relative_to(folder).as_posix() not in wanted and MARK in path.read_text("utf-8"):
            path.unlink()
    for name, text in wanted.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return [folder / name for name in wanted]


def _index(found: Sequence[Contract]) -> list[str]:
    domains = [f"| [{c.domain}]({c.domain}.md) | {c.description} |" for c in found]
    return [
        "# Data model",
        "",
        MARK,
        "",
        "A page for each domain: what producers drop, and what silver and gold hold.",
        "",
        "| domain | holds |",
        "|---|---|",
        *domains,
        "",
        "## Lineage",
        "",
        "Every table of silver has these columns besides its own:",
        "",
        "| column | meaning |",
        "|---|---|",
        "| `_source_file` | key of the file in the raw bucket |",
        "| `_ingested_at` | when ingestion saw that file |",
        "| `_run_id` | the run that wrote the row |",
        "| `_file_order` | of two files, the greater was written later |",
        "| `_extra` | columns that the contract does not know, as JSON text |",
        "",
        "## Why a file is quarantined",
        "",
        "| reason | meaning and what to do |",
        "|---|---|",
        *(f"| `{reason}` | {help_} |" for reason, help_ in FILE_HELP.items()),
        "",
        "## Why a row is quarantined",
        "",
        "| reason | meaning |",
        "|---|---|",
        *(f"| `{reason}` | {help_} |" for reason, help_ in ROW_HELP.items()),
        "",
        "A domain may have further reasons, for rules of its own; they are on its page.",
    ]


def _domain_pages(contract: Contract) -> dict[str, list[str]]:
    """One page; where it would be too long, the sections move to pages of their own, and it keeps the
    overview.
    """
    page, entries = f"{contract.domain}.md", [_dataset(d) for d in contract.datasets]
    entries += [_table(t) for t in contract.tables]
    whole = _overview(contract, {"": entries}) + [line for e in entries for line in e.section]
    if len(whole) <= LONGEST:
        return {page: whole}
    parts = {f"{contract.domain}/{name}.md": part for name, part in _parts(entries)}
    return {page: _overview(contract, parts)} | {
        name: [*_part_head(contract, part), *(line for e in part for line in e.section)]
        for name, part in parts.items()
    }


def _parts(entries: Sequence[Entry]) -> Iterator[tuple[str, list[Entry]]]:
    """The sections by layer, each layer on as few pages as hold it, in the contract's order."""
    for layer in LAYERS:
        packed: list[list[Entry]] = [[]]
        room = LONGEST - 10  # the head of a part
        for entry in (e for e in entries if e.layer == layer):
            used = sum(len(e.section) for e in packed[-1])
            if packed[-1] and used + len(entry.section) > room:
                packed.append([])
            packed[-1].append(entry)
        for number, part in enumerate(packed, 1):
            if part:
                yield (layer if len(packed) == 1 else f"{layer}-{number}"), part


def _part_head(contract: Contract, part: Sequence[Entry]) -> list[str]:
    title = f"# {contract.domain}: {part[0].layer}, `{part[0].name}` to `{part[-1].name}`"
    return [title, "", f"{MARK} All tables: [{contract.domain}](../{contract.domain}.md).", ""]


def _overview(contract: Contract, parts: dict[str, list[Entry]]) -> list[str]:
    spellings = ", ".join(f"`{s}`" if s else "nothing at all" for s in contract.null_spellings)
    lines = [f"# {contract.domain} ({contract.version})", "", MARK, "", contract.description, ""]
    lines += [f"Read as empty, in any case and between any blanks: {spellings}.", ""]
    for name, values in contract.parameters.items():
        lines += [f"`{name}`: {', '.join(f'`{v}`' for v in values)}.", ""]
    lines += [
        f"The reasons of quarantine and the lineage columns are those of [all domains]({INDEX})"
        + (", and these reasons of rows:" if contract.reasons else "."),
        "",
        *(f"- `{reason}`: {help_}" for reason, help_ in contract.reasons.items()),
        *([""] if contract.reasons else []),
        "| layer | table | kind |",
        "|---|---|---|",
    ]
    for path, entries in parts.items():
        lines += [f"| {e.layer} | [`{e.name}`]({path}#{e.anchor}) | {e.kind} |" for e in entries]
    return [*lines, ""]


def _dataset(dataset: Dataset) -> Entry:
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
    text = [dataset.description, "", *(f"- {sentence}" for sentence in sentences if sentence)]
    return Entry("raw", dataset.name, f"files: {', '.join(dataset.formats)}", text)


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


def _table(table: Table) -> Entry:
    parts = [table.description, "", f"Kind: {table.kind}, {KINDS[table.kind]}."]
    parts += [f"Key: {', '.join(f'`{k}`' for k in table.primary_key)}."]
    if table.partitioned_by:
        parts += [f"Partitioned by {', '.join(f'`{p}`' for p in table.partition_fields)}."]
    parts += [*_versions(table)]
    parts += ["", "| column | type | meaning | also spelt | refers to |", "|---|---|---|---|---|"]
    for c in table.columns:
        notes = (
            c.description
            + (f" Computed: `{c.derived}`." if c.derived else "")
            + (f" In the record at `{c.path}`." if c.path else "")
            + (f" From the key: `{c.from_key}`." if c.from_key else "")
            + (" An object or a list is kept as JSON." if c.json else "")
            + (f" At most {c.max_length} characters." if c.max_length else "")
            + (" Confidential." if c.confidential else "")
            + (" Always present." if c.required else "")
        )
        spelt, target = ", ".join(f"`{a}`" for a in c.aliases), f"`{c.references}`" if c.references else ""
        parts += [f"| `{c.name}` | {c.type} | {notes} | {spelt} | {target} |"]
    parts += ["", *_compound(table)] if table.compound_references else []
    if table.rejects:
        parts += ["", "Rows are quarantined when:", ""]
        parts += [f"- `{r.when}` → `{r.reason}` ({', '.join(r.columns)})" for r in table.rejects]
    if table.gate:
        parts += ["", "Quality gate before gold:", ""]
        parts += [
            f"- {t.action} when `{t.metric}` is above {t.maximum} (runs of {t.minimum_rows} rows or more)"
            for t in table.gate
            if t.action != "off"
        ]
        parts += [f"- `{t.metric}` is not judged" for t in table.gate if t.action == "off"]
    return Entry(table.zone, table.name, KINDS[table.kind], parts)


def _versions(table: Table) -> Iterator[str]:
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


def _compound(table: Table) -> list[str]:
    return [
        f"Together {', '.join(f'`{c}`' for c in r.columns)} refer to"
        f" {', '.join(f'`{r.table}.{k}`' for k in r.keys)}."
        for r in table.compound_references
    ]
