"""What a page is, and where it stands in the console."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from cli.console.lake import Lake


@dataclass(frozen=True)
class Visit:
    """A page that somebody opened: of which lake, and what its address asks for."""

    lake: Lake
    asked: Mapping[str, str]

    @property
    def domain(self) -> str:
        """The domain that the address names, otherwise the first; nothing where there is none."""
        known = self.lake.domains
        return chosen if (chosen := self.asked.get("domain", "")) in known else next(iter(known), "")


@dataclass(frozen=True)
class Page:
    """`build` makes its elements, at once: what waits for AWS is a `section`. `listed`: in the navigation."""

    path: str
    title: str
    build: Callable[[Visit], None]
    listed: bool = True


def address(path: str, **asked: str) -> str:
    """The address of a page; what is empty is left out."""
    query = urlencode({name: value for name, value in asked.items() if value})
    return f"{path}?{query}" if query else path
