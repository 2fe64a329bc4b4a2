"""A search of bytes in every store of an environment for what must not be there any more.

Parquet is read, what is compressed is decompressed: a value stands there in clear or not at all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.erasure.avro import columns_of
from cli.erasure.layers import AVRO, inflated, mentions
from cli.erasure.objects import Version, fetch, versions
from cli.erasure.sought import Sought
from shared.ledger import Ledger
from shared.names import DATA_ZONES, RESULTS, Names
from shared.zones import archive_prefix

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ANALYSTS = "-analysts"  # after a domain, the folder of the answers that its analysts got
STORES = (*DATA_ZONES, RESULTS)


@dataclass(frozen=True)
class Place:
    """Where a value stands: an object version, or an item of the ledger. `where`: as people write it, without
    any value. `unopened`: none was found there, but for this reason it was not searched.
    """

    zone: str
    where: str
    version: Version | None = None
    unopened: str = ""


def searched(names: Names, s3: S3Client, domain: str, zones: Sequence[str]) -> Iterator[tuple[str, Version]]:
    """Every version of every object that may hold something of a domain, and markers of deleted ones, with
    its zone.
    """
    for zone in (z for z in zones if z != RESULTS):
        prefixes = [f"{domain}/", *([archive_prefix(domain)] if zone == "bronze" else [])]
        for prefix in prefixes:
            yield from ((zone, v) for v in versions(s3, names.bucket(zone), prefix))
    if RESULTS in zones:
        answers = versions(s3, names.bucket(RESULTS))
        yield from ((RESULTS, v) for v in answers if not _is_of_others(v.key, domain))


def _is_of_others(key: str, domain: str) -> bool:
    """Whether the analysts of another domain asked."""
    folder = key.partition("/")[0]
    return folder.endswith(ANALYSTS) and folder != f"{domain}{ANALYSTS}"


def places(
    names: Names,
    s3: S3Client,
    domain: str,
    sought: Sought,
    zones: Sequence[str] = STORES,
    read: Sequence[str] = (),
) -> Iterator[Place | None]:
    """Where a value stands as a word of its own, also in other columns, in texts and in names; and what could
    not be searched; None for each object that has none. `read`: zones of which the records are read, where
    numbers tell nothing beside.
    """
    for zone, version in searched(names, s3, domain, zones):
        wanted = sought.beyond_numbers if zone in read else sought
        unopened: list[str] = []
        if not version.marker:
            with tempfile.TemporaryDirectory() as scratch:
                fetch(s3, version, Path(scratch) / "content")
                if _stands_in(Path(scratch) / "content", Path(scratch), wanted, unopened):
                    yield Place(zone, str(version), version)
                    continue
        if sought.is_mentioned_in(version.key.encode()):
            yield Place(zone, f"the name of an object below s3://{version.bucket}/{domain}/", version)
        elif unopened:
            yield Place(zone, str(version), version, unopened[0])
        else:
            yield None


def places_in_ledger(ledger: Ledger, domain: str, sought: Sought) -> Iterator[Place]:
    """Items with a value, such as the name of a file."""
    others = sought.beyond_numbers
    for item, names in ledger.texts(domain):
        if others.is_mentioned_in(item.encode()) or sought.is_mentioned_in(names.encode()):
            yield Place("ledger", f"an item of {item.partition('#')[0]}")


def _stands_in(content: Path, scratch: Path, sought: Sought, unopened: list[str]) -> bool:
    if mentions(sought, content, scratch, unopened):
        return True
    with content.open("rb") as file:
        if file.read(len(AVRO)) != AVRO:
            return False
    try:
        known = columns_of(content.read_bytes())
    except (ValueError, LookupError):  # which `mentions` has told
        return False
    ids = [known[name] for name in sought.columns if name in known]
    return any(sought.is_bound_in(block, ids) for block in inflated(content, []))
