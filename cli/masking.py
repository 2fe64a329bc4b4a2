"""What is confidential by its contract, hidden from whoever did not ask for it."""

from __future__ import annotations

import json
from typing import Any

from shared.contracts import Dataset, Table, folded

HIDDEN = "•••"


def confidential_columns(table: Table) -> frozenset[str]:
    """Names of a table's columns that its contract classifies as confidential."""
    return frozenset(c.name for c in table.columns if c.confidential)


def masked_record(raw: str, dataset: Dataset | None) -> str:
    """A record as it was received, without what is or may be confidential: cells of such columns, those that
    no contract names, and the whole of a text that is no record of cells. Nothing is hidden of a dataset
    whose contract has no such column.
    """
    hidden = confidential_columns(dataset.target) if dataset else None
    if hidden is not None and not hidden:
        return raw
    cells = _cells(raw)
    if dataset is None or hidden is None or cells is None:
        return HIDDEN
    columns = dataset.aliases
    shown = {name: _masked(value, columns.get(folded(name)), hidden) for name, value in cells}
    return json.dumps(shown, ensure_ascii=False)


def _masked(value: Any, column: str | None, hidden: frozenset[str]) -> Any:
    return HIDDEN if column is None or column in hidden or isinstance(value, dict | list) else value


def _cells(raw: str) -> list[tuple[str, Any]] | None:
    """Names and values, or None for what is no JSON object."""
    try:
        found = json.loads(raw)
    except ValueError:
        return None
    return list(found.items()) if isinstance(found, dict) else None
