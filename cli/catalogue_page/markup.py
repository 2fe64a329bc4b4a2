"""HTML as values: a plain text becomes markup by being escaped, and in no other way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from cli.catalogue import ColumnPlace, Place

VOID = ("br", "meta", "input")


class Html(str):
    """Markup that was made here."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | int | bool | None) -> Html:
    """An element. `class_` is class, `aria_label` is aria-label; an attribute that is None is left out."""
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{shown}>" + ("" if name in VOID else f"{joined(content)}</{name}>"))


def joined(content: Iterable[str | None]) -> Html:
    return Html("".join(_safe(part) for part in content if part is not None))


def _safe(part: str) -> str:
    return part if isinstance(part, Html) else escape(part)


def words(sentence: str) -> Html:
    """A sentence with the names that stand between backticks as code."""
    return Html(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(sentence)))


def listed(items: Iterable[str], **attributes: str | None) -> Html:
    return element("ul", *(element("li", item) for item in items), **attributes)


def table(caption: str, head: Iterable[str], rows: Iterable[Html], **attributes: str) -> Html:
    """A table that scrolls by itself where it is too wide; rows are `tr`."""
    heads = (element("th", name, scope="col") for name in head)
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        **attributes,
    )
    return element("div", whole, class_="wide", tabindex=0, role="region", aria_label=caption)


def row(first: str, *cells: str | None, **attributes: str | None) -> Html:
    """`first` names the row."""
    return element(
        "tr",
        element("th", first, scope="row"),
        *(element("td", cell or "") for cell in cells),
        **attributes,
    )


def anchor(place: Place | ColumnPlace) -> str:
    """The id of a page, or of a column's row in it."""
    if isinstance(place, ColumnPlace):
        return f"{anchor(place.table)}.{place.column}"
    return ".".join(place)


def reference(id: str) -> str:
    """What leads to an id of this document."""
    return f"#{quote(id, safe='._-')}"


def link(text: str, id: str, **attributes: str | None) -> Html:
    return element("a", text, href=reference(id), **attributes)


def place_link(place: Place, text: str | None = None) -> Html:
    return link(element("code", text or f"{place.layer}.{place.name}"), anchor(place))
