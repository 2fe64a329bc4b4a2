"""What the tests of the field share: files dropped at once, their outcomes, Parquet, and a contract as it was."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shared.contracts import Column, Contract, Table
from tests.support.rig import Rig


def run_with(rig: Rig, files: Mapping[str, str | bytes]) -> Rig:
    """All files dropped below the domain, silver run once."""
    for key, content in files.items():
        rig.drop(f"{rig.domain}/{key}", content.encode() if isinstance(content, str) else content)
    rig.silver("run-1")
    return rig


def outcomes_of(rig: Rig) -> dict[str, tuple[str, str | None, str | None]]:
    """Status, reason and detail of each file, by its key below the domain."""
    files = rig.ledger.files(rig.domain)
    return {f.key.removeprefix(f"{rig.domain}/"): (f.status.value, f.reason, f.detail) for f in files}


def parquet(table: pa.Table, **options: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, **options)
    return file.getvalue()


def without(agreed: Contract, *names: str) -> Contract:
    """The contract as it was before it knew some columns, and what it says of them."""
    silver = tuple(
        replace(
            t,
            columns=tuple(c for c in t.columns if c.name not in names),
            rejects=tuple(r for r in t.rejects if not set(r.columns) & set(names)),
            operation=None if t.operation and t.operation.column in names else t.operation,
        )
        for t in agreed.silver
    )
    return with_tables(agreed, *silver)


def with_tables(agreed: Contract, *changed: Table) -> Contract:
    """The contract with other silver tables under the same names."""
    tables = {t.name: t for t in (*agreed.silver, *changed)}
    silver = tuple(tables[t.name] for t in agreed.silver)
    datasets = tuple(replace(d, target=tables[d.target.name]) for d in agreed.datasets)
    return replace(agreed, silver=silver, datasets=datasets)


def with_column(table: Table, column: Column) -> Table:
    """The table with another column under the same name."""
    return replace(table, columns=tuple(column if c.name == column.name else c for c in table.columns))
