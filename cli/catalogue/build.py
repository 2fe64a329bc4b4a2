"""The catalogue of a project's domains, from their contracts and reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.catalogue import words
from cli.catalogue.lineage import column_flows, dataset_place, flows, rejects_place, table_place
from cli.catalogue.model import Catalogue, Column, ColumnFlow, DomainEntry, Entity, ForeignKey
from cli.catalogue.report_lineage import reading
from cli.catalogue.written import Written
from shared import contracts
from shared.contracts import Contract, Dataset, Table, folded
from shared.contracts.load import document
from shared.gold_statements import statement_files
from shared.names import Names
from shared.quarantine import COLUMNS, date_parts
from shared.reasons import FILE_HELP, ROW_HELP
from shared.reports import reports_of
from shared.values import Declared
from shared.values.words import described

ZONES = {"raw": "bronze", "silver": "silver", "gold": "gold", "quarantine": "quarantine"}  # as databases say
QUARANTINED = {
    "reasons": "Every reason that applies.",
    "columns": "The columns at fault.",
    "raw_record": "The record as it was received.",
    "source_file": "Key of the file in the raw bucket.",
    "source_version": "Which version of that file.",
    "ingested_at": "When ingestion saw that file.",
    "run_id": "The run that quarantined the row last.",
    "history": "What earlier runs said of it.",
    "event_date": "Day of the file's records in bronze.",
}


def catalogue(
    domains: Sequence[str],
    names: Names | None = None,
    recorded: Mapping[str, Sequence[ColumnFlow]] | None = None,
) -> Catalogue:
    """The catalogue of some domains; `names`: of the environment whose databases it names; `recorded`: by
    domain what runs said of columns that no contract follows.

    Raises ContractError and ReportError for files that are wrong.
    """
    return Catalogue(
        tuple(domain_entry(contracts.contract(d), (recorded or {}).get(d, ())) for d in domains),
        {str(reason): text for reason, text in FILE_HELP.items()},
        {str(reason): text for reason, text in ROW_HELP.items()},
        words.ROW_COLUMNS,
        names.env if names else None,
        {(d, layer): names.database(d, zone) for d in domains for layer, zone in ZONES.items()}
        if names
        else {},
    )


def domain_entry(contract: Contract, recorded: Sequence[ColumnFlow] = ()) -> DomainEntry:
    """One domain of the project."""
    written = Written(document(contract.domain))
    tables = entities(contract, written)
    asked = {
        e.place: [c.name for c in e.columns] + ([n for n, _ in words.ROW_COLUMNS] if silver else [])
        for e in tables
        if (silver := e.place.layer == "silver") or e.place.layer in ("gold", "quarantine")
    }
    reports = [reading(report, asked) for report in reports_of(contract.domain)]
    return DomainEntry(
        name=contract.domain,
        version=contract.version,
        status=written.text("status"),
        description=contract.description,
        usage=written.description("usage"),
        limitations=written.description("limitations"),
        facts=tuple(_domain_facts(contract)),
        tags=written.tags,
        team=written.team,
        people=written.people,
        channels=written.channels,
        agreed=written.agreed,
        schedule=contract.schedule,
        reasons=contract.reasons,
        entities=tables,
        reports=tuple(r.entry for r in reports),
        flows=(*flows(contract), *(f for r in reports for f in r.flows)),
        column_flows=(*column_flows(contract), *recorded, *(f for r in reports for f in r.column_flows)),
    )


def _domain_facts(contract: Contract) -> Iterator[str]:
    spellings = ", ".join(f"`{s}`" if s else "nothing at all" for s in contract.null_spellings)
    yield f"Read as empty, in any case and between any blanks: {spellings}."
    for name, values in contract.parameters.items():
        yield f"`{name}`: {', '.join(f'`{v}`' for v in values)}."


def entities(contract: Contract, written: Written) -> tuple[Entity, ...]:
    """Datasets, tables of silver and gold, and those of quarantined rows, each in the contract's order."""
    rejects = {rejects_place(contract, d): d for d in reversed(contract.datasets)}
    return (
        *(_dataset(d, written) for d in contract.datasets),
        *(_table(contract, t, written) for t in contract.tables),
        *(_rejects(contract, d) for d in reversed(rejects.values())),
    )


def _dataset(dataset: Dataset, written: Written) -> Entity:
    """What a producer sends. Types are those that texts are read as."""
    marked = written.classifications("silver", dataset.target.name)
    columns = [dataset.target.column(name) for name in dataset.received]
    return Entity(
        dataset_place(dataset),
        f"files: {', '.join(dataset.formats)}",
        "what producers drop",
        dataset.description,
        tuple(_column(c, dataset.target, marked, described(dataset.plan(c.name))) for c in columns),
        facts=tuple(words.dataset_facts(dataset)),
        promises=tuple(written.promises("bronze", dataset.name)),
        tags=_tags(written, "bronze", dataset.name),
        delivered=tuple((n, kind, dataset.aliases.get(folded(n))) for n, kind in dataset.delivered.items()),
    )


def _table(contract: Contract, table: Table, written: Written) -> Entity:
    statement = statement_files(contract.domain).get(table.name) if table.zone == "gold" else None
    marked = written.classifications(table.zone, table.name)
    return Entity(
        table_place(contract, table),
        table.kind,
        words.KINDS[table.kind],
        table.description,
        tuple(_column(c, table, marked, _bounds(c.declared)) for c in table.columns),
        facts=tuple(words.table_facts(table)),
        key=table.primary_key,
        partition_fields=table.partition_fields,
        order=table.order,
        foreign_keys=tuple(
            ForeignKey(r.columns, table_place(contract, contract.table(r.table)), r.keys)
            for r in table.references
        ),
        rejects=tuple(words.reject_rules(table)),
        gate=tuple(words.gate_rules(table)),
        promises=tuple(written.promises(table.zone, table.name)),
        tags=_tags(written, table.zone, table.name),
        statement=statement.read_text("utf-8").rstrip() if statement else "",
    )


def _column(column: Any, table: Table, marked: dict[str, str], spelled: str = "") -> Column:
    return Column(
        column.name,
        column.type,
        column.description,
        column.required,
        marked.get(column.name),
        column.aliases,
        tuple(words.column_notes(column)),
        spelled,
        column.references,
        _position(column.name, table.primary_key),
        _position(column.name, table.partitioned_by),
    )


def _bounds(declared: Declared) -> str:
    """What values of the column are held to, whatever dataset brings them."""
    bounds = {"not below": declared.minimum, "not above": declared.maximum}
    return "; ".join(f"{word} {limit}" for word, limit in bounds.items() if limit is not None)


def _position(name: str, names: Sequence[str]) -> int | None:
    return names.index(name) + 1 if name in names else None


def _rejects(contract: Contract, dataset: Dataset) -> Entity:
    parts = date_parts(contract.layout)
    columns = {**COLUMNS, **dict.fromkeys(parts, "int")}
    return Entity(
        rejects_place(contract, dataset),
        "rows",
        "quarantined rows",
        "Records that broke a rule, with all reasons; they can be replayed after a fix.",
        tuple(
            Column(name, kind, QUARANTINED.get(name, "Part of the event date."))
            for name, kind in columns.items()
        ),
    )


def _tags(written: Written, layer: str, name: str) -> tuple[str, ...]:
    return tuple(map(str, written.entry(layer, name).get("tags") or ()))
