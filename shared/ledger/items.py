"""The ledger's items of files as DynamoDB holds them: keys, states, attributes, and back."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from shared.ledger.model import FileId, FileStatus, LedgerFile, Profile
from shared.zones import place_of_key

KEY_BYTES_IN_STATE = 256
MANY_DATES = 500  # an item of DynamoDB holds 400 kB: more dates than these are kept as ranges


def file_key(file: FileId) -> dict[str, str]:
    """Key of a file version."""
    return {"pk": f"file#{file.bucket}/{file.key}", "sk": f"v#{file.version}"}


def content_key(domain: str, dataset: str, sha256: str | None) -> str:
    """Partition of a content."""
    return f"content#{domain}/{dataset}/{sha256}"


def deferred_id(domain: str) -> str:
    """Key of the index under which a domain's files wait for its bronze job; the state machine looks there
    too.
    """
    return f"deferred#{domain}"


def item_of(file: LedgerFile) -> dict[str, Any]:
    """The item of a file version, under the index where it waits for something."""
    item = {**file_key(file.file_id), **_attributes(file)}
    if file.status is FileStatus.ACCEPTED:
        item |= state_of(file, "processed" if file.processed_by else "pending")
    elif file.later_copy:
        item |= state_of(file, "read_copy" if file.processed_by else "copy")
    elif file.status is FileStatus.QUARANTINED:
        item |= state_of(file, "quarantined")
    elif file.status is FileStatus.DEFERRED:
        item |= {"dataset_id": deferred_id(file.domain), "state": _place_in_state(file)}
    elif file.status is not FileStatus.CLAIMED:
        item |= state_of(file, file.status.value)
    return item


def claim_state(file: FileId, claimed_until: int) -> dict[str, str]:
    """Where the index has a claim, those that expire first before others: of the dataset that the key names,
    as nothing else of the file is known yet.
    """
    place = f"{claimed_until:010d}#{_start(file.key)}#{file.version}"
    return {"dataset_id": dataset_id(*place_of_key(file.key)), "state": f"claimed#{place}"}


def dataset_id(domain: str, dataset: str) -> str:
    return f"{domain}/{dataset}"


def state_of(file: LedgerFile, state: str) -> dict[str, str]:
    """Where the index has a file of its dataset."""
    return {"dataset_id": dataset_id(file.domain, file.dataset), "state": f"{state}#{_place_in_state(file)}"}


def _place_in_state(file: LedgerFile) -> str:
    """Orders the files of a state by arrival.

    A sort key holds 1,024 bytes and a raw key alone can have as many: it keeps its start.
    """
    return f"{file.ingested_at}#{_start(file.key)}#{file.version}"


def _start(key: str) -> str:
    return key.encode()[:KEY_BYTES_IN_STATE].decode(errors="ignore")


def _attributes(file: LedgerFile) -> dict[str, Any]:
    values = {f.name: getattr(file, f.name) for f in fields(file)}
    values["profile"] = file.profile.to_json() if file.profile else None
    values["event_dates"] = json.dumps(_ranges(file.event_dates))
    return {k: v for k, v in values.items() if v is not None}


def _ranges(dates: Sequence[str]) -> Sequence[str]:
    """Many dates as ranges, the widest gaps between them: a file may be said to have a date that it has not,
    and is then looked at in vain, but never the other way round.
    """
    if len(dates) <= MANY_DATES:
        return dates
    days = sorted(map(dt.date.fromisoformat, dates))
    gaps = sorted(range(1, len(days)), key=lambda i: days[i - 1] - days[i])[: MANY_DATES - 1]
    starts = [0, *sorted(gaps)]
    ends = [*(i - 1 for i in starts[1:]), len(days) - 1]
    return [f"{days[a]}/{days[b]}" for a, b in zip(starts, ends, strict=True)]


def _dates(kept: Sequence[str]) -> tuple[str, ...]:
    """Dates and ranges of dates, as dates."""
    found: list[str] = []
    for text in kept:
        first, _, last = text.partition("/")
        if not last:
            found.append(text)
            continue
        start = dt.date.fromisoformat(first)
        found += [
            (start + dt.timedelta(days=i)).isoformat()
            for i in range((dt.date.fromisoformat(last) - start).days + 1)
        ]
    return tuple(found)


def file_of(item: dict[str, Any]) -> LedgerFile:
    """The file version of an item."""
    bucket, _, key = item["pk"].removeprefix("file#").partition("/")
    known = {f.name: item[f.name] for f in fields(LedgerFile) if f.name in item}
    known |= {n: int(item.get(n, 0)) for n in ("bytes", "records", "unreadable_records")}
    known |= {"event_dates": _dates(json.loads(item.get("event_dates", "[]")))}
    known |= {"profile": Profile.from_json(item["profile"]) if "profile" in item else None}
    identity = {"bucket": bucket, "key": key, "version": item["sk"].removeprefix("v#")}
    return LedgerFile(
        **{"domain": "", "dataset": "", **known, **identity, "status": FileStatus(item["status"])}
    )
