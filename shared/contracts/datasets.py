"""Reads what producers drop: the bronze entries of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from shared.contracts.model import LOADED_KINDS, Dataset, Layout, Table
from shared.contracts.node import Node
from shared.contracts.paths import Path, parsed_path

STORAGE = ("header", "delimiter", "fallbackEncoding", "storedAs")
NESTED = ("records", "explode", "filesOf")
PROPERTIES = (
    "layer",
    "formats",
    "duplicateFiles",
    "maxUnreadableRate",
    "encodings",
    "constants",
    "archive",
    *STORAGE,
    *NESTED,
)
FORMATS = ("csv", "json", "ndjson", "parquet", "xml")


def dataset(
    node: Node, domain: str, layout: Layout, tables: Mapping[str, Table], freshness: int | None
) -> Dataset:
    """One bronze entry; raises ContractError."""
    custom = node.custom(PROPERTIES)
    name = node.child("physicalName").name()
    targets = [t for t in tables.values() if t.kind in LOADED_KINDS and name in t.sources]
    if len(targets) != 1:
        raise node.error(
            f"expected one silver table of kind {', '.join(LOADED_KINDS)} with source {name}, "
            f"found {len(targets)}"
        )
    formats = tuple(f.choice(FORMATS) for f in custom.child("formats").items())
    if not formats:
        raise custom.child("formats").error(f"missing; expected some of {', '.join(FORMATS)}")
    return Dataset(
        name=name,
        domain=domain,
        description=node.child("description").text(),
        formats=formats,
        target=targets[0],
        constants={
            k: custom.child("constants").child(k).text()
            for k in sorted(custom.child("constants").value or {})
        },
        archive=custom.child("archive").flag(),
        layout=layout,
        encodings=("utf-8", "utf-16", *custom.child("encodings").texts()),
        duplicate_files=cast(Any, custom.child("duplicateFiles").choice(("skip", "accept"), "skip")),
        max_unreadable_rate=custom.child("maxUnreadableRate").number(0.1),
        header=custom.child("header").flag(True),
        delimiter=custom.child("delimiter").text(","),
        fallback_encoding=custom.child("fallbackEncoding").text("") or None,
        stored_as=cast(Any, custom.child("storedAs").choice(("original", "parquet"), "original")),
        freshness_hours=freshness,
        records=path(custom.child("records")),
        explode=path(custom.child("explode")),
        files_of=custom.child("filesOf").text("") or None,
    )


def path(node: Node) -> Path | None:
    """A path into nested records; raises ContractError for what is none."""
    if node.value is None:
        return None
    try:
        return parsed_path(node.text())
    except ValueError as error:
        raise node.error(f"{node.value!r} is no path: {error}") from error
