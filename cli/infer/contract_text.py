"""A draft as a contract: YAML in the style of the shipped ones, with the evidence as comments.

The order of datasets and columns is their own, never that of the files.
"""

from __future__ import annotations

from collections.abc import Iterator

from cli.infer.choice import OPEN, Question
from cli.infer.draft import Draft, DraftColumn, DraftDataset
from cli.infer.gold import gold_table
from cli.infer.yaml_words import asked_lines, comments, flow, scalar
from cli.wording import counted

LOGICAL = {
    "int": "integer",
    "bigint": "integer",
    "double": "number",
    "boolean": "boolean",
    "string": "string",
}
ZONE = "Region/City"  # no zone of the IANA: a contract with it is refused


def contract_text(draft: Draft) -> str:
    lines = [*_head(draft)]
    for each in draft.datasets:
        lines += dataset_lines(each)
    lines += ["", *gold_table(draft)]
    return "\n".join(lines) + "\n"


def dataset_lines(draft: DraftDataset) -> list[str]:
    """The entries of a dataset and of the table that it is loaded into."""
    title = f"  # --- {draft.name} {'-' * max(4, 100 - len(draft.name))}"
    return ["", title, *_bronze(draft), *_silver(draft)]


def _head(draft: Draft) -> Iterator[str]:
    yield "# Open Data Contract Standard v3.1; docs/reference/contracts.md explains customProperties."
    yield "# Drafted by `./lake infer`: comments are evidence, counts and never values. What could not be"
    yield "# decided is a line with DECIDE: answer it, remove that line, then `./lake contract lint`."
    if draft.left_out:
        yield f"# {counted(len(draft.left_out), 'file')} left out, which no contract could take as they are."
    yield from (
        "apiVersion: v3.1.0",
        "kind: DataContract",
        f"id: lakehouse-{draft.domain}",
        f"name: {draft.domain}",
        "version: 0.1.0",
        "status: draft",
        f"domain: {draft.domain}",
        f"dataProduct: {draft.domain}",
        "description:",
    )
    files = sum(d.files for d in draft.datasets)
    yield f"  purpose: Drafted from {counted(files, 'file')}. Say here what the data is for."
    yield "  usage: Query silver for cleaned records and gold for reports."
    yield "  limitations: None are known yet."
    yield "customProperties:"
    for question in draft.questions:
        yield from asked_lines(question, "  ")
    yield f"  - {{property: nullSpellings, value: {flow(['', *draft.nulls])}}}"
    yield "  - {property: datePartitions, value: month}"
    yield from GATE
    if draft.local:
        columns = ", ".join(f"{c} ({n:,})" for c, n in sorted(draft.local.items()))
        yield from asked_lines(
            Question(
                "defaultTimezone", f"of which zone are times without an offset? {columns}; a name of the IANA"
            ),
            "  ",
        )
        yield f"  - {{property: defaultTimezone, value: {ZONE}}}"
        yield "  # the zone whose calendar day is event_date; without it UTC"
        yield f"  # - {{property: eventDateTimezone, value: {ZONE}}}"
    yield "schema:"


def _bronze(draft: DraftDataset) -> Iterator[str]:
    yield f"  - name: bronze_{draft.name}"
    yield f"    physicalName: {scalar(draft.name)}"
    yield "    logicalType: object"
    yield f"    description: {scalar(f'Records of {draft.name}, as they are sent. Say who sends them.')}"
    yield f"    # {counted(draft.files, 'file')}, {counted(draft.rows, 'record')}"
    yield from comments(draft.notes, "    ")
    yield "    customProperties:"
    yield "      - {property: layer, value: bronze}"
    asked = {q.about: q for q in draft.questions}
    for name, value in draft.properties.items():
        if name in asked:
            yield from asked_lines(asked.pop(name), "      ")
        yield f"      - {{property: {name}, value: {flow(value)}}}"
    for question in asked.values():
        if question.about != "operation":
            yield from asked_lines(question, "      ")


def _silver(draft: DraftDataset) -> Iterator[str]:
    yield f"  - name: silver_{draft.name}"
    yield f"    physicalName: {scalar(draft.name)}"
    yield "    logicalType: object"
    yield f"    description: {scalar(_row_of(draft))}"
    yield from comments([*draft.key_notes, *draft.event_notes], "    ")
    if draft.key_question:
        yield from asked_lines(draft.key_question, "    ")
    yield "    customProperties:"
    yield "      - {property: layer, value: silver}"
    yield f"      - {{property: kind, value: {draft.kind}}}"
    yield f"      - {{property: source, value: {scalar(draft.name)}}}"
    if draft.event_date:
        yield f"      - {{property: eventDate, value: {scalar(draft.event_date)}}}"
    if draft.kind == "keyed":
        if not draft.order or OPEN in draft.order:
            yield from asked_lines(
                Question("order", "which column grows with every version of a row?"), "      "
            )
        elif draft.order == draft.key:
            yield "      # no column says which version is newer: of equal ones the later file wins"
        yield f"      - {{property: order, value: {flow(draft.order or [OPEN])}}}"
    if draft.operation:
        for question in (q for q in draft.questions if q.about == "operation"):
            yield from asked_lines(question, "      ")
        yield f"      - {{property: operation, value: {flow(draft.operation)}}}"
    yield "    properties:"
    if draft.kind == "files":
        taken = any(c.name == RECORD_ID for c in draft.columns)
        yield f"      - name: {'lake_' if taken else ''}{RECORD_ID}"
        yield from RECORD_KEY
    for column in in_order(draft):
        yield from column_lines(column)
    if draft.event_date:
        yield from EVENT_DATE


def in_order(draft: DraftDataset) -> list[DraftColumn]:
    """Keys first, then the event date, then all others by name; of text without header as the fields are."""
    if draft.positional:
        return sorted(draft.columns, key=lambda c: c.steps)
    return sorted(draft.columns, key=lambda c: (c.key or 99, c.name != draft.event_date, c.name))


def _row_of(draft: DraftDataset) -> str:
    if draft.operation:
        return "What the database has now, by its changes."
    if draft.kind == "files":
        return "Every record of the newest version of each file."
    return f"One row per {' and '.join(draft.key)}, its newest version." if draft.key else "One row per key."


def column_lines(column: DraftColumn, indent: str = "      ") -> Iterator[str]:
    """The entry of a column, with its evidence."""
    choice = column.choice
    inner = f"{indent}  "
    yield f"{indent}- name: {scalar(column.name)}"
    yield from comments(choice.notes, inner)
    yield from comments([f"perhaps: {offer}" for offer in choice.offers], inner)
    asked = {q.about: q for q in choice.questions}
    if "physicalType" in asked:
        yield from asked_lines(asked.pop("physicalType"), inner)
    yield f"{inner}logicalType: {logical(choice.type)}"
    yield f"{inner}physicalType: {choice.type}"
    if column.required:
        yield f"{inner}required: true"
    if column.key:
        yield f"{inner}primaryKey: true"
        yield f"{inner}primaryKeyPosition: {column.key}"
    if choice.private:
        yield f"{inner}classification: confidential  # {choice.private}"
    if choice.options:
        yield f"{inner}logicalTypeOptions: {flow(choice.options)}"
    yield f"{inner}description: {scalar(f'Say what {column.name} means.')}"
    properties = _properties(column)
    if properties or asked:
        for name in [a for a in asked if a not in properties]:
            yield from asked_lines(asked.pop(name), inner)
    if properties:
        yield f"{inner}customProperties:"
    for name, value in properties.items():
        if name in asked:
            yield from asked_lines(asked.pop(name), f"{inner}  ")
        yield f"{inner}  - {{property: {name}, value: {flow(value)}}}"


def _properties(column: DraftColumn) -> dict[str, object]:
    found: dict[str, object] = {}
    if column.aliases:
        found["aliases"] = column.aliases
    if column.path:
        found["path"] = column.path
    if column.from_key:
        found["fromKey"] = column.from_key
    return found | column.choice.properties


def logical(kind: str) -> str:
    if kind.startswith("array<"):
        return "array"
    return LOGICAL.get(kind, "number" if kind.startswith("decimal") else kind)


GATE = """\
  - property: quality  # a run in which most rows are quarantined halts before gold
    value:
      - type: custom
        engine: lakehouse
        severity: error
        implementation: {metric: quarantine_rate, maximum: 0.5, minimumRows: 100}""".splitlines()
RECORD_ID = "record_id"
RECORD_KEY = """\
        logicalType: string
        physicalType: string
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        description: "Identifies the record: its file's content, its own, and which of equal ones it is."
        customProperties:
          - {property: derived, value: _record_id}""".splitlines()
EVENT_DATE = """\
      - name: event_date
        logicalType: date
        physicalType: date
        required: true
        partitioned: true
        partitionKeyPosition: 1
        description: The calendar day of the event.""".splitlines()
