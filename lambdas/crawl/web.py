"""One page of a web API over HTTP, patient with servers that are busy, slow or break off."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

RETRIED = (408, 425, 429, 500, 502, 503, 504)
LARGEST_PAGE_BYTES = 16 * 1024**2
LONGEST_WAIT = 60.0
LISTS = ("items", "results", "data", "movies")  # where APIs put the entries of a page


class PageUnavailableError(RuntimeError):
    """A page could not be had after all tries, or the server refuses it for good."""


@dataclass(frozen=True)
class Page:
    """Entries of a page, none where the server knows no such page.

    `last`: the number of the last page, when the server tells.
    """

    entries: tuple[dict[str, Any], ...]
    last: int | None = None


@dataclass(frozen=True)
class Web:
    """`url` without the page parameter; one request in `seconds_between` seconds, `tries` a page.

    The key is in no message.
    """

    url: str
    page_parameter: str
    api_key: str
    seconds_between: float = 0.25
    timeout: float = 10.0
    tries: int = 5
    sleep: Callable[[float], None] = time.sleep

    def page(self, number: int) -> Page:
        """Raises PageUnavailableError."""
        problem = ""
        for attempt in range(self.tries):
            self.sleep(self.seconds_between)
            try:
                return self._fetched(number)
            except urllib.error.HTTPError as error:
                if error.code == http.client.NOT_FOUND:
                    return Page(())
                problem = f"status {error.code}"
                if error.code not in RETRIED:
                    break
                self.sleep(_pause(error.headers.get("Retry-After"), attempt))
            except (
                TimeoutError,
                urllib.error.URLError,
                http.client.HTTPException,
                ConnectionError,
                json.JSONDecodeError,
            ) as error:
                problem = type(error).__name__
                self.sleep(_pause(None, attempt))
        raise PageUnavailableError(
            f"page {number}: {problem} after {attempt + 1} tries; the next crawl goes on there"
        )

    def _fetched(self, number: int) -> Page:
        separator = "&" if urllib.parse.urlsplit(self.url).query else "?"
        address = f"{self.url}{separator}{urllib.parse.urlencode({self.page_parameter: number})}"
        headers = {"Authorization": f"Bearer {self.api_key}", "Accept": "application/json"}
        with urllib.request.urlopen(  # nosec B310: environments.toml takes https only
            urllib.request.Request(address, headers=headers), timeout=self.timeout
        ) as answer:
            content = answer.read(LARGEST_PAGE_BYTES + 1)
            # A body that ends early raises IncompleteRead only where a length was announced and read() took
            # no size.
            announced = answer.headers.get("Content-Length")
            if len(content) > LARGEST_PAGE_BYTES or (
                announced is not None and len(content) != int(announced)
            ):
                raise http.client.IncompleteRead(content[:0])
        return _page(json.loads(content))


def _page(answer: Any) -> Page:
    """A page is a list of entries, or an object with one beside the number of pages.

    Raises PageUnavailableError for anything else.
    """
    entries = (
        answer
        if isinstance(answer, list)
        else next((answer[n] for n in LISTS if isinstance(answer, dict) and n in answer), None)
    )
    if not isinstance(entries, list):
        raise PageUnavailableError(
            f"expected a list, or an object with one of {', '.join(LISTS)}; found {type(answer).__name__}"
        )
    pages = answer.get("total_pages") if isinstance(answer, dict) else None
    return Page(
        tuple(e for e in entries if isinstance(e, dict)), last=pages if isinstance(pages, int) else None
    )


def _pause(retry_after: str | None, attempt: int) -> float:
    """What the server asks for, else twice as long each time; never more than a minute."""
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else 0.5 * 2**attempt
    return min(seconds, LONGEST_WAIT)
