"""What must hold between the parts of a contract, beyond the shape of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.contracts.model import Contract, Dataset, Table
from shared.contracts.node import Node
from shared.metrics import ORPHAN_ROWS
from shared.metrics import names as metric_names
from shared.reasons import RowReason
from shared.spellings import spellings_of


def check(contract: Contract, places: Mapping[str, Node], root: Node) -> None:
    """Raises ContractError at the first rule that names what is not there."""
    names = {t.name for t in contract.tables}
    for table in contract.tables:
        node = places[table.name]
        _columns(table, node)
        _spellings(contract.domain, table, node)
        _keys(table, node)
        _rules(table, node)
        _links(contract, table, node, names)
        _gate(contract, table, node)
    for dataset in contract.datasets:
        _known(dataset.target, places[dataset.target.name], f"constants of {dataset.name}", dataset.constants)
        _stored(dataset, root)
    if "" not in contract.null_spellings:
        raise root.child("customProperties").error("nullSpellings must hold the empty text")


def _stored(dataset: Dataset, root: Node) -> None:
    if dataset.header == (dataset.stored_as == "parquet"):
        raise root.error(
            f"dataset {dataset.name}: header false and storedAs parquet go together: what has no header is"
            " stored with names"
        )
    if not dataset.header and (len(dataset.delimiter) != 1 or dataset.formats != ("csv",)):
        raise root.error(
            f"dataset {dataset.name}: text without header is of the one format csv, with a delimiter of one"
            " character"
        )


def _columns(table: Table, node: Node) -> None:
    if not table.columns:
        raise node.child("properties").error("a table needs columns")
    seen: set[str] = set()
    for name in table.column_names:
        if name in seen:
            raise node.child("properties").error(f"column {name} is given twice")
        seen.add(name)


def _spellings(domain: str, table: Table, node: Node) -> None:
    known = spellings_of(domain)
    for column in table.columns:
        if unknown := [t for t in column.times if t not in known]:
            registered = ", ".join(known) or "none"
            raise node.child("properties").error(
                f"times of {column.name}: {', '.join(unknown)} is not registered in"
                f" domains/{domain}/spellings.py ({registered})"
            )


def _keys(table: Table, node: Node) -> None:
    if not table.primary_key:
        raise node.child("properties").error("no column is primaryKey")
    for what, names in {
        "order": table.order,
        "tracked": table.tracked,
        "changeKey": _some(table.change_key),
        "appendedBy": table.appended_by,
    }.items():
        _known(table, node, what, names)
    if table.event_date_column:
        _known(table, node, "eventDate", (table.event_date_column,))
        if "event_date" not in table.column_names:
            raise node.child("properties").error("a table with eventDate needs a column event_date")
    if table.kind in ("log", "files") and not table.event_date_column:
        raise node.child("customProperties").error(f"a table of kind {table.kind} needs an eventDate")
    if table.kind == "keyed" and not table.order:
        raise node.child("customProperties").error(
            "a keyed table needs an order: which version of a row wins"
        )
    computed = {c.name for c in table.columns if c.derived is not None}
    if table.kind == "files" and not computed.issuperset(table.primary_key):
        raise node.child("customProperties").error(
            "a table of kind files needs a derived key: the same record twice is two rows"
        )
    if table.kind == "scd2" and not table.tracked:
        raise node.child("customProperties").error("an scd2 table needs tracked columns")


def _rules(table: Table, node: Node) -> None:
    for rule in table.rejects:
        if rule.reason not in {r.value for r in RowReason}:
            raise node.child("customProperties").error(
                f"reject: {rule.reason!r} is not a reason ({', '.join(RowReason)})"
            )
        _known(table, node, "reject", rule.columns)


def _gate(contract: Contract, table: Table, node: Node) -> None:
    """A threshold that no run could cross would be a promise that nobody keeps."""
    known: tuple[str, ...] = (ORPHAN_ROWS,)
    actions: tuple[str, ...] = ("halt",)
    if table.zone == "silver":
        known = metric_names(table.sent_names, [r.name for r in table.references])
        actions = ("warn", "halt")
        if table.gate and not any(d.target is table for d in contract.datasets):
            raise node.child("customProperties").error(
                "qualityGate: in silver only a table that a dataset lands in has metrics"
            )
    for threshold in table.gate:
        if threshold.metric not in known:
            raise node.child("customProperties").error(
                f"qualityGate: {threshold.metric!r} is not a metric ({', '.join(known)})"
            )
        if threshold.action not in actions:
            raise node.child("customProperties").error(
                f"qualityGate: {threshold.metric} of a gold table can only halt"
            )


def _links(contract: Contract, table: Table, node: Node, names: set[str]) -> None:
    for link in table.depends_on:
        if link.table not in names:
            raise node.child("customProperties").error(
                f"dependsOn: {link.table} is not a table of this contract"
            )
        if link.column not in (None, "event_date", contract.table(link.table).change_key):
            raise node.child("customProperties").error(
                f"dependsOn: {link.table} records no changes of {link.column}; set its changeKey"
            )
    for reference in table.references:
        there = contract.table(reference.table).column_names if reference.table in names else ()
        if not set(reference.keys) <= set(there) or not set(reference.columns) <= set(table.column_names):
            what = f"{reference.table}.{'+'.join(reference.keys)}"
            raise node.child("properties").error(
                f"{'+'.join(reference.columns)} refers to {what}, which does not exist"
            )
    if table.kind in ("latest", "scd2") and (len(table.sources) != 1 or table.sources[0] not in names):
        raise node.child("customProperties").error(
            f"source {', '.join(table.sources)!r} is not one table of this contract"
        )
    if table.kind in ("keyed", "log") and sum(d.target is table for d in contract.datasets) > 1:
        raise node.child("customProperties").error(
            "several datasets land here, of which a full refresh would keep one: use kind files"
        )


def _known(table: Table, node: Node, what: str, names: Iterable[str]) -> None:
    for name in names:
        if name not in table.column_names:
            raise node.child("customProperties").error(f"{what}: {name} is not a column of {table.name}")


def _some(value: str | None) -> tuple[str, ...]:
    return (value,) if value else ()
