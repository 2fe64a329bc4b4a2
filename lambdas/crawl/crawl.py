"""A crawl of a web API: page after page into raw, one file a page.

The files themselves say where a crawl that broke off goes on.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from lambdas.crawl.web import Page

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EMPTY_PAGES_AT_THE_END = 3  # fewer in a row may be a gap, where the server does not say its last page
NAME = re.compile(r"page-(\d{6})\.ndjson$")


class Pages(Protocol):
    def page(self, number: int) -> Page: ...


@dataclass(frozen=True)
class Crawled:
    """What a call did. `finished`: the end was reached; otherwise the next call of the day goes on.

    `missing`: pages the server lacks.
    """

    first: int
    written: int
    entries: int
    missing: tuple[int, ...]
    finished: bool


@dataclass(frozen=True)
class Crawl:
    """`dataset`: `<domain>/<dataset>`, below which pages are written. `seconds_left` tells how long the
    caller may still work; a page is begun only with `reserve` seconds left.
    """

    s3: S3Client
    bucket: str
    dataset: str
    pages: Pages
    now: Callable[[], dt.datetime]
    seconds_left: Callable[[], float]
    reserve: float = 90.0

    def __call__(self) -> Crawled:
        """Goes on behind the last good page of today's crawl.

        Raises PageUnavailableError; what was written stays.
        """
        folder = f"{self.dataset}/crawl_date={self.now():%Y-%m-%d}"
        first = number = self._last_good(folder) + 1
        written, entries, missing, last = 0, 0, list[int](), None
        while self.seconds_left() > self.reserve:
            page = self.pages.page(number)
            last = page.last if page.last is not None else last
            if page.entries:
                self._write(f"{folder}/page-{number:06d}.ndjson", page)
                written, entries = written + 1, entries + len(page.entries)
            else:
                missing.append(number)
            ended = missing[-EMPTY_PAGES_AT_THE_END:] == _before(number) if last is None else number >= last
            if ended:
                inside = tuple(
                    m for m in missing if (m not in _before(number) if last is None else m <= last)
                )
                return Crawled(first, written, entries, inside, finished=True)
            number += 1
        return Crawled(first, written, entries, tuple(missing), finished=False)

    def _last_good(self, folder: str) -> int:
        listed = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=f"{folder}/")
        names = (o["Key"] for page in listed for o in page.get("Contents", ()))
        return max((int(match[1]) for n in names if (match := NAME.search(n))), default=0)

    def _write(self, key: str, page: Page) -> None:
        """Each entry with the time of the crawl; silver keeps the newest of a film, so a page that comes
        twice changes nothing.
        """
        crawled_at = self.now().isoformat(timespec="seconds")
        lines = (
            json.dumps(_flat(e) | {"crawled_at": crawled_at}, ensure_ascii=False, sort_keys=True)
            for e in page.entries
        )
        self.s3.put_object(
            Bucket=self.bucket, Key=key, Body="\n".join(lines).encode(), ContentType="application/x-ndjson"
        )


def _flat(entry: dict[str, Any]) -> dict[str, Any]:
    """Lists of texts, or of objects with a name, become comma separated text, as the contract has genres."""
    return {
        name: ", ".join(_label(v) for v in value) if isinstance(value, list) else value
        for name, value in entry.items()
    }


def _label(value: Any) -> str:
    return str(value.get("name", "")) if isinstance(value, dict) else str(value)


def _before(number: int) -> list[int]:
    """The last pages up to a number, as many as end a crawl when they are empty."""
    return list(range(number - EMPTY_PAGES_AT_THE_END + 1, number + 1))
