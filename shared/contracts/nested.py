"""What must hold for nested records, values from keys and files that several datasets read."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contracts.errors import ContractError
from shared.contracts.keys import key_pattern
from shared.contracts.model import Column, Contract, Dataset, Table
from shared.contracts.node import Node
from shared.contracts.paths import Path


def column_contradictions(table: Table, node: Node) -> Iterator[ContractError]:
    """An error for each column that could not be found, or not be kept, as it says."""
    place, seen = node.child("properties"), dict[Path, str]()
    for column in table.columns:
        for wrong in _wrong_about(column):
            yield place.error(f"column {column.name}: {wrong}")
        if column.path is not None and (other := seen.setdefault(column.path, column.name)) != column.name:
            yield place.error(f"columns {other} and {column.name} have one path")
    scalar = {
        "primaryKey": table.primary_key,
        "partitioned": table.partitioned_by,
        "order": table.order,
        "eventDate": (table.event_date_column,),
        "changeKey": (table.change_key,),
    }
    arrays = {c.name for c in table.columns if c.element}
    for what, names in scalar.items():
        if lists := arrays.intersection(names):
            yield place.error(f"{what}: {', '.join(sorted(lists))} is an array")


def _wrong_about(column: Column) -> Iterator[str]:
    if column.path and column.from_key:
        yield "path and fromKey exclude each other: a value stands in the record or in the key"
    if column.derived and (column.path or column.from_key):
        yield "a derived column is computed; nobody sends it, so it has no path and no fromKey"
    if column.aliases and (column.path or column.from_key):
        yield "a column with path or fromKey is found there only; remove its aliases"
    if column.json and column.type != "string":
        yield "json keeps a nested value as text; the type must be string"
    if column.from_key is not None:
        if column.element:
            yield "fromKey finds one value, not an array"
        try:
            key_pattern(column.from_key)
        except ValueError as error:
            yield f"fromKey: {error}"


def dataset_contradictions(contract: Contract, dataset: Dataset, root: Node) -> Iterator[ContractError]:
    """An error for each thing that a dataset says of nested records and its files' owner gives no sense."""
    for wrong in (*_wrong_places(dataset), *_wrong_owner(contract, dataset)):
        yield root.error(f"dataset {dataset.name}: {wrong}")


def _wrong_places(dataset: Dataset) -> Iterator[str]:
    for what, path in (("records", dataset.records), ("explode", dataset.explode)):
        if path is not None and (path.up or not all(isinstance(s, str) for s in path.steps)):
            yield f"{what} is a path of names only, such as response.items"
    if dataset.nested and not dataset.header:
        yield "text without header has no nested records"
    if dataset.records is not None and not {"json", "xml"}.issuperset(dataset.formats):
        yield "records: envelopes are of the formats json (also one a line) and xml; remove the others"
    if dataset.explode is not None and "csv" in dataset.formats:
        yield "explode: a delimited text has no lists; remove csv from formats"
    if dataset.explode is None:
        columns = map(dataset.target.column, dataset.received)
        if upward := [c.name for c in columns if c.path is not None and c.path.up]:
            yield f"{', '.join(upward)}: a path that begins with ^ needs explode"


def _wrong_owner(contract: Contract, dataset: Dataset) -> Iterator[str]:
    if dataset.files_of is None:
        return
    owner = next((d for d in contract.datasets if d.name == dataset.files_of), None)
    if owner is None or owner is dataset or owner.files_of is not None:
        yield f"filesOf: {dataset.files_of} is not another dataset of this contract with files of its own"
    elif owner.archive or dataset.archive:
        yield "filesOf: a file that is archived leaves raw before each dataset has read it; remove archive"
    elif "parquet" in (owner.stored_as, dataset.stored_as):
        yield "filesOf: text that bronze keeps as Parquet is read for one dataset only"
