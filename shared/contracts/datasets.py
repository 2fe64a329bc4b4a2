"""Reads what producers drop: the bronze entries of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from shared.contracts import spelled
from shared.contracts.model import LOADED_KINDS, Dataset, Layout, Table
from shared.contracts.node import Node
from shared.values import Declared

STORAGE = ("header", "delimiter", "fallbackEncoding", "storedAs")
PROPERTIES = (
    "layer",
    "formats",
    "duplicateFiles",
    "maxUnreadableRate",
    "encodings",
    "constants",
    "archive",
    "undated",
    *STORAGE,
    *spelled.DEFAULTS,
)
NOTHING = Declared()
FORMATS = ("csv", "json", "ndjson", "parquet", "xml")


def dataset(
    node: Node,
    domain: str,
    layout: Layout,
    tables: Mapping[str, Table],
    freshness: int | None,
    above: Declared = NOTHING,
) -> Dataset:
    """One bronze entry; `above`: what the document says of spellings. Raises ContractError."""
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
        declared=spelled.defaults(custom).over(above),
        undated=custom.child("undated").flag(),
    )
