"""The tests' own project has every feature of contracts, so that the core's tests can test each without a shipped
domain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any, get_args

import pytest

from shared.contracts import Column, Contract, Dataset, Table, contract
from shared.contracts.model import Kind, Layout

CONTRACTS = tuple(contract(domain) for domain in ("shop", "web", "retail"))
TABLES = tuple(table for c in CONTRACTS for table in c.tables)
DATASETS = tuple(dataset for c in CONTRACTS for dataset in c.datasets)
COLUMNS = tuple(column for table in TABLES for column in table.columns)


def unused(kind: type[Any], values: Iterable[Any]) -> set[str]:
    """Fields that no value sets to anything but their default."""
    found = {}
    for field in fields(kind):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        found[field.name] = any(getattr(v, field.name) != default for v in values)
    return {name for name, used in found.items() if not used}


@pytest.mark.parametrize(
    ("kind", "values"),
    [(Contract, CONTRACTS), (Dataset, DATASETS), (Table, TABLES), (Column, COLUMNS)],
    ids=lambda v: v.__name__ if isinstance(v, type) else "",
)
def test_every_part_of_a_contract_is_set_somewhere_in_tests_project(kind: type[Any], values: Any) -> None:
    assert unused(kind, values) == set(), "add them to a contract in tests/project and test them there"


def test_every_kind_layout_and_format_occurs() -> None:
    assert {t.kind for t in TABLES} == {*get_args(Kind)} - {"raw"}
    assert {d.layout for d in DATASETS} == {*get_args(Layout)}
    assert {f for d in DATASETS for f in d.formats} == {
        "csv",
        "json",
        "ndjson",
        "ods",
        "parquet",
        "xlsx",
        "xml",
        "zip",
    }
    assert {c.case for c in COLUMNS} == {"upper", "lower", None}
    assert {(t.zone, g.action) for t in TABLES for g in t.gate} == {
        ("silver", "warn"),
        ("silver", "halt"),
        ("silver", "off"),
        ("gold", "halt"),
    }
    assert {word for part in (*DATASETS, *COLUMNS) for word in part.declared.said} >= {
        *("formats", "timestamp_formats", "default_timezone", "group_mark", "number_style", "minimum")
    }
    assert {t.by_month for t in TABLES if t.partitioned_by} == {True, False}
    assert {d.column is None for t in TABLES for d in t.depends_on} == {True, False}
