"""Lake Formation's word on columns, for jobs that say which are confidential: ministack has no such service.

It guards nothing here: whoever asks the emulation may read. Tags are kept in a file, and refused of a table
or column that the catalog does not have.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from ministack import app
from ministack.services import glue

PATH = "/AddLFTagsToResource"


def install(tags: Path) -> None:
    """`tags`: the file, by database, table, column and key of a tag."""
    stock, lock = app._dispatch_service_request, threading.Lock()

    async def dispatch(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any], request_id: str
    ) -> Any:
        if (method, path) != ("POST", PATH):
            return await stock(method, path, headers, body, query, request_id)
        with lock:
            answer = {"Failures": _tag(tags, json.loads(body))}
        return 200, {"Content-Type": "application/json"}, json.dumps(answer).encode()

    app._dispatch_service_request = dispatch


def _tag(tags: Path, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Notes the tags of columns; returns what Lake Formation answers where it cannot."""
    of = given["Resource"]["TableWithColumns"]
    place = f"{of['DatabaseName']}/{of['Name']}"
    table = glue._tables.get(place)
    stored = {c["Name"] for c in table["StorageDescriptor"]["Columns"]} if table else set()
    if missing := set(of["ColumnNames"]) - stored:
        why = f"{place} has no {', '.join(sorted(missing))}" if table else f"there is no table {place}"
        error = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": why}
        return [{"LFTag": tag, "Error": error} for tag in given["LFTags"]]
    known = json.loads(tags.read_text()) if tags.exists() else {}
    for column in of["ColumnNames"]:
        own = known.setdefault(place, {}).setdefault(column, {})
        own.update({tag["TagKey"]: tag["TagValues"][0] for tag in given["LFTags"]})
    tags.write_text(json.dumps(known, indent=1))
    return []
