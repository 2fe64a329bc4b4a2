"""What must hold between the parts of a contract, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shared.contracts.errors import ContractError
from shared.contracts.followers import follower_contradictions
from shared.contracts.model import TABLES, WORKBOOKS, Contract, Dataset, Table, folded
from shared.contracts.nested import column_contradictions, dataset_contradictions
from shared.contracts.node import Node
from shared.contracts.people import identity_contradictions
from shared.contracts.protection import protection_contradictions
from shared.contracts.retention import retention_contradictions
from shared.contracts.unclear import SAID_IN_VAIN, unclear_spellings
from shared.metrics import ORPHAN_ROWS
from shared.values.texts import MOST_BYTES


@dataclass(frozen=True)
class Place:
    """Where a table stands in its document, and where each of its row rules and thresholds does.

    `inherits`: whether it takes over the document's thresholds, where it says so.
    """

    node: Node
    rules: tuple[Node, ...] = ()
    gate: tuple[Node, ...] = ()
    inherits: bool | None = None


def contradictions(contract: Contract, places: Mapping[str, Place], root: Node) -> Iterator[ContractError]:
    """An error for each rule that names what is not there."""
    names = {t.name for t in contract.tables}
    for table in contract.tables:
        place = places[table.name]
        yield from _columns(table, place.node)
        yield from _said_in_vain(contract, table, place.node.child("properties"))
        yield from _keys(table, place.node)
        yield from _versions(contract, table, place.node.child("customProperties"))
        yield from column_contradictions(table, place.node)
        yield from follower_contradictions(contract, table, place.node)
        yield from protection_contradictions(contract, table, place.node)
        yield from identity_contradictions(contract, table, place.node)
        yield from _rules(contract, table, place)
        yield from _links(contract, table, place.node, names)
        yield from _gate(contract, table, place)
    for dataset in contract.datasets:
        node = places[dataset.target.name].node
        yield from _known(dataset.target, node, f"constants of {dataset.name}", dataset.constants)
        yield from _stored(dataset, root)
        yield from dataset_contradictions(contract, dataset, root)
        yield from unclear_spellings(dataset, node, contract.null_spellings)
        yield from _clashes(dataset, node)
    yield from retention_contradictions(contract, root)
    if "" not in contract.null_spellings:
        yield root.child("customProperties").error("nullSpellings must hold the empty text")


def _said_in_vain(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """Spellings and bounds of columns that no dataset brings; a column of another table has its own there."""
    own = {p.child("name").value for p in node.items()}
    brought = {name for d in contract.datasets if d.target is table for name in d.received}
    if said := [c.name for c in table.columns if c.declared.said and c.name in own - brought]:
        who = "gold" if table.zone == "gold" else "what no dataset brings"
        yield node.error(f"{', '.join(said)}: {who} {SAID_IN_VAIN}")


def _stored(dataset: Dataset, root: Node) -> Iterator[ContractError]:
    if (dataset.header == "none") != (dataset.stored_as == "parquet"):
        yield root.error(
            f"dataset {dataset.name}: header none and storedAs parquet go together: what has no header is"
            " stored with names"
        )
    if dataset.header == "none" and (len(dataset.delimiter) != 1 or {*dataset.formats} - {"zip"} != {"csv"}):
        yield root.error(
            f"dataset {dataset.name}: text without header is of the one format csv, with a delimiter of one"
            " character"
        )
    if {dataset.header, dataset.comment, dataset.footer} != {"auto", None} and not TABLES & {
        *dataset.formats
    }:
        yield root.error(f"dataset {dataset.name}: header, comment and footer are of csv, xlsx and ods")
    if dataset.sheet and not WORKBOOKS & {*dataset.formats}:
        yield root.error(f"dataset {dataset.name}: sheet is of xlsx and ods; add the format to `formats`")
    if dataset.formats == ("zip",):
        yield root.error(f"dataset {dataset.name}: formats name what is inside a zip as well")


def _columns(table: Table, node: Node) -> Iterator[ContractError]:
    if not table.columns:
        yield node.child("properties").error("a table needs columns")
    seen: set[str] = set()
    for name in table.column_names:
        if name in seen:
            yield _last(node, name).error(f"column {name} is given twice")
        seen.add(name)
    for column in table.columns if table.zone == "gold" else ():
        if (column.max_length or 0) > MOST_BYTES:
            yield _last(node, column.name).error(
                f"column {column.name}: maxLength is {column.max_length}, and a warehouse takes {MOST_BYTES}"
                " bytes at most; gold is what it loads"
            )


def _keys(table: Table, node: Node) -> Iterator[ContractError]:
    if not table.primary_key:
        yield node.child("properties").error("no column is primaryKey")
    for what, names in {
        "order": table.order,
        "tracked": table.tracked,
        "changeKey": _some(table.change_key),
        "appendedBy": table.appended_by,
    }.items():
        yield from _known(table, node, what, names)
    if table.event_date_column:
        yield from _known(table, node, "eventDate", (table.event_date_column,))
        yield from _sent(table, node, table.event_date_column)
        if "event_date" not in table.column_names:
            yield node.child("properties").error("a table with eventDate needs a column event_date")
    if table.kind in ("log", "files") and not table.event_date_column:
        yield node.child("customProperties").error(f"a table of kind {table.kind} needs an eventDate")
    if table.kind == "keyed" and not table.order:
        yield node.child("customProperties").error(
            "a keyed table needs an order: which version of a row wins"
        )
    computed = {c.name for c in table.columns if c.derived is not None}
    for name in computed.intersection(table.primary_key) if table.kind in ("keyed", "log") else ():
        yield _last(node, name).error(
            f"{name} is derived: only a table of kind files has a derived key, since rows are deduplicated by"
            " what producers send"
        )
    if table.kind == "files" and not computed.issuperset(table.primary_key):
        yield node.child("customProperties").error(
            "a table of kind files needs a derived key: the same record twice is two rows"
        )
    if table.kind == "scd2" and not table.tracked:
        yield node.child("customProperties").error("an scd2 table needs tracked columns")


def _versions(contract: Contract, table: Table, node: Node) -> Iterator[ContractError]:
    """What decides between versions of a row beside its order."""
    loaded = [d for d in contract.datasets if d.target is table]
    versioned = table.kind in ("keyed", "log") and bool(loaded)
    if table.corrections == "replace" and not versioned:
        yield node.error("corrections: replace is for keyed and log tables; rows of kind files always do so")
    if table.snapshot and not (table.kind == "keyed" and loaded):
        yield node.error(f"snapshot: a table of kind {table.kind} cannot be the newest file alone; use keyed")
    if table.snapshot and (table.operation or table.corrections == "replace"):
        yield node.error(
            "snapshot: the newest file is the whole; operation and corrections have no place there"
        )
    if table.operation is None:
        return
    if not versioned:
        yield node.error(
            "operation: only keyed and log tables that a dataset is loaded into follow operations"
        )
    yield from _operation(table, loaded, node)
    if table.buries and table.tombstones in {t.name for t in contract.tables}:
        yield node.error(f"operation: {table.tombstones} is where deletes are remembered; rename that table")


def _operation(table: Table, loaded: Iterable[Dataset], node: Node) -> Iterator[ContractError]:
    operation = table.operation
    assert operation is not None
    if operation.column not in table.sent_names or table.column(operation.column).type != "string":
        yield node.error(f"operation: {operation.column} is not a column of type string that producers send")
    if not operation.upsert or not operation.delete:
        yield node.error("operation: expected the values of upsert and of delete, or an envelope")
    if both := sorted({*operation.upsert} & {*operation.delete}):
        yield node.error(f"operation: {', '.join(both)} cannot be upsert and delete")
    for dataset in loaded:
        if operation.column in dataset.constants:
            yield node.error(f"operation: {operation.column} is a constant of {dataset.name}")
        if operation.envelope == "debezium" and not {*dataset.formats} <= {"json", "ndjson"}:
            yield node.error(
                f"operation: Debezium's envelope is JSON; formats of {dataset.name} may be json and ndjson"
            )


def _rules(contract: Contract, table: Table, place: Place) -> Iterator[ContractError]:
    for rule, node in zip(table.rejects, place.rules, strict=True):
        if not _loaded(contract, table):
            yield node.error("only a table that a dataset is loaded into has row rules")
        if rule.reason not in contract.row_reasons:
            yield node.error(
                f"{rule.reason!r} is not a reason ({', '.join(contract.row_reasons)}); the contract"
                " may declare it in its customProperties, reasons"
            )
        yield from _known(table, node, "columns", rule.columns)


def _gate(contract: Contract, table: Table, place: Place) -> Iterator[ContractError]:
    """A threshold that no run could cross would be a promise that nobody keeps."""
    loaded = _loaded(contract, table)
    if place.inherits is not None and not loaded:
        yield place.node.child("customProperties").error(
            "inheritsQuality: only a table that a dataset is loaded into inherits thresholds"
        )
    if table.zone == "silver" and not loaded:
        for node in place.gate:
            yield node.error("in silver only a table that a dataset is loaded into has metrics")
        return
    known = table.metrics(contract.reasons) if loaded else (ORPHAN_ROWS,)
    seen: set[tuple[str, str]] = set()
    for threshold, node in zip(table.gate, place.gate, strict=True):
        if threshold.metric not in known:
            yield node.error(f"{threshold.metric!r} is not a metric ({', '.join(known)})")
        if threshold.action == "warn" and not loaded:
            yield node.error(f"{threshold.metric} of a gold table can only halt (severity: error)")
        if (threshold.metric, threshold.action) in seen:
            yield node.error(f"{threshold.metric} has two values above which it must {threshold.action}")
        seen.add((threshold.metric, threshold.action))
        if (threshold.metric, "off") in seen and len({a for m, a in seen if m == threshold.metric}) > 1:
            yield node.error(f"{threshold.metric} is switched off here and judged; leave one of both out")


def _loaded(contract: Contract, table: Table) -> bool:
    return any(d.target is table for d in contract.datasets)


def _links(contract: Contract, table: Table, node: Node, names: set[str]) -> Iterator[ContractError]:
    for link in table.depends_on:
        if link.table not in names:
            yield node.child("customProperties").error(
                f"dependsOn: {link.table} is not a table of this contract"
            )
        elif link.column not in (None, "event_date", contract.table(link.table).change_key):
            yield node.child("customProperties").error(
                f"dependsOn: {link.table} records no changes of {link.column}; set its changeKey"
            )
    for reference in table.references:
        there = contract.table(reference.table).column_names if reference.table in names else ()
        if not set(reference.keys) <= set(there) or not set(reference.columns) <= set(table.column_names):
            what = f"{reference.table}.{'+'.join(reference.keys)}"
            yield _last(node, reference.columns[0]).error(
                f"{'+'.join(reference.columns)} refers to {what}, which does not exist"
            )
    if table.kind in ("latest", "scd2") and (len(table.sources) != 1 or table.sources[0] not in names):
        yield node.child("customProperties").error(
            f"source {', '.join(table.sources)!r} is not one table of this contract"
        )
    if table.kind in ("keyed", "log") and sum(d.target is table for d in contract.datasets) > 1:
        yield node.child("customProperties").error(
            "several datasets are loaded here, of which a full refresh would keep one: use kind files"
        )


def _sent(table: Table, node: Node, name: str) -> Iterator[ContractError]:
    """Ingestion files by the event date, and sees only what producers send."""
    if any(c.name == name and c.derived is not None for c in table.columns):
        yield _named(node, "eventDate").error(
            f"{name} is derived; ingestion files records by their event date before anything is computed:"
            " name the column that producers send, and derive what else you need from event_date"
        )


def _clashes(dataset: Dataset, node: Node) -> Iterator[ContractError]:
    """Two columns that one spelling of a producer would mean; one with a path has none."""
    meaning: dict[str, str] = {}
    for column in (c for c in map(dataset.target.column, dataset.sent) if c.path is None):
        name = column.name
        for spelling in dict.fromkeys(folded(s) for s in (name, *column.aliases)):
            if (other := meaning.setdefault(spelling, name)) != name:
                yield _last(node, name).error(
                    f"{spelling!r} means both {other} and {name} (case, blanks, - and _ do not count): take"
                    " it out of the aliases of one of them"
                )


def _last(node: Node, column: str) -> Node:
    """Where a table gives a column, the last time if twice; its properties where it takes the column over."""
    given = [p for p in node.child("properties").items() if p.child("name").value == column]
    return given[-1] if given else node.child("properties")


def _named(node: Node, name: str) -> Node:
    """One of a table's customProperties."""
    return Node(node.file, f"{node.path}.customProperties.{name}", None)


def _known(table: Table, node: Node, what: str, names: Iterable[str]) -> Iterator[ContractError]:
    place = node.child("customProperties") if " " in what else _named(node, what)
    for name in names:
        if name not in table.column_names:
            yield place.error(f"{what}: {name} is not a column of {table.name}")


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()
