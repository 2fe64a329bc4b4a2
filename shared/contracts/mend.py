"""Takes wrong parts out of a document, so that the rest can be judged; what it makes is never run."""

from __future__ import annotations

import re
from typing import Any

from shared.contracts.node import NAME

ENTRY = re.compile(r"schema\[(\d+)\](.*)")
COLUMN = re.compile(r"\.properties\[(\d+)\](.*)")
CHECK = re.compile(r"\.quality\[(\d+)\]")
CUSTOM = re.compile(r"\.?customProperties(?:\.(\w+)|\[(\d+)\])")
HEAD: dict[str, Any] = {
    "apiVersion": "v3.1.0",
    "kind": "DataContract",
    "domain": "x",
    "version": "1",
    "description": {"purpose": "-"},
    "slaProperties": [],
}
NEEDED: dict[str, Any] = {"defaultTimezone": "UTC", "nullSpellings": [""]}  # without, other parts are wrong
KINDS = {"silver": "keyed", "gold": "dim"}


def mended(document: dict[str, Any], path: str) -> bool:
    """Takes out, or replaces, the part of a document that a path leads to. False where that leaves nothing to
    be judged.
    """
    if entry := ENTRY.fullmatch(path):
        return _table(document["schema"], int(entry[1]), entry[2])
    if path.startswith("customProperties.reasons"):
        return False  # every rule with a reason of its own would be wrong
    head = path.partition(".")[0].partition("[")[0]
    if head in HEAD:
        document[head] = HEAD[head]
        return True
    return _without(document, path)


def _table(tables: list[Any], number: int, rest: str) -> bool:
    table = tables[number]
    if not isinstance(table, dict):
        return False
    if check := CHECK.match(rest):
        table["quality"][int(check[1])] = {"type": "text"}
        return True
    if (part := COLUMN.match(rest)) and isinstance(table["properties"][int(part[1])], dict):
        return _column(table["properties"], int(part[1]), part[2])
    if rest.startswith(".description"):
        table["description"] = "-"
        return True
    if rest.startswith(".relationships"):
        del table["relationships"]
        return True
    return _without(table, rest) and _kind(table)


def _kind(table: dict[str, Any]) -> bool:
    """A table that lost its kind, or files that lost their formats, are given some."""
    given = {e["property"]: e["value"] for e in table["customProperties"]}
    if given.get("layer") == "bronze":
        table["customProperties"] += [] if "formats" in given else [_custom("formats", ["csv"])]
    elif given.get("layer") in KINDS:
        table["customProperties"] += [] if "kind" in given else [_custom("kind", KINDS[given["layer"]])]
    return "layer" in given


def _column(columns: list[Any], number: int, rest: str) -> bool:
    """A wrong rule of a column is taken out; a column that is wrong itself keeps its name and its key."""
    column = columns[number]
    if check := CHECK.match(rest):
        column["quality"][int(check[1])] = {"type": "text"}
        return True
    if not isinstance(column.get("name"), str) or not NAME.fullmatch(column["name"]):
        return False
    kept = ("name", "primaryKey", "primaryKeyPosition", "required", "partitioned", "partitionKeyPosition")
    columns[number] = {
        **{k: column[k] for k in kept if k in column},
        "physicalType": "string",
        "description": "-",
    }
    return True


def _without(holder: dict[str, Any], path: str) -> bool:
    """Takes out one of the customProperties, all entries of that name; some are given another value."""
    custom, entries = CUSTOM.match(path), holder.get("customProperties")
    if custom is None or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        return False
    kept = [
        e
        for i, e in enumerate(entries)
        if (e.get("property") != custom[1] if custom[1] else i != int(custom[2]))
    ]
    needed = [_custom(custom[1], NEEDED[custom[1]])] if custom[1] in NEEDED else []
    holder["customProperties"] = [*kept, *needed]
    return len(kept) < len(entries) and all({"property", "value"} <= e.keys() for e in kept)


def _custom(name: str, value: Any) -> dict[str, Any]:
    return {"property": name, "value": value}
