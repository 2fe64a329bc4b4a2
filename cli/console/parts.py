"""The small parts that pages are made of. Markup comes from cli/catalogue_page/markup, which escapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nicegui import ui

from cli.catalogue_page.markup import Html, element, joined


def html(*content: str | None) -> ui.html:
    """Markup as it is; plain text becomes escaped."""
    return ui.html(joined(content), sanitize=False)


def heading(text: str, level: int = 2) -> None:
    html(element(f"h{level}", text))


def quiet(text: str) -> None:
    html(element("p", text, class_="quiet"))


def problem(text: str, do: str) -> None:
    """What went wrong, and the next step."""
    html(element("div", element("p", text), next_step(do), class_="problem", role="alert"))


def empty(text: str, do: str) -> None:
    """That there is nothing yet, and what brings something."""
    html(element("div", element("p", text), next_step(do), class_="empty"))


def no_domain() -> None:
    empty("This project has no domain yet.", "./lake new NAME, or ./lake infer FILES drafts one from files")


def next_step(do: str) -> Html:
    """A command stands by itself, so that it can be copied."""
    shown = element("code", do) if do.startswith("./lake") else do
    return element("p", Html("→ "), shown, class_="step")


def badge(status: str) -> Html:
    """A status as a word with a colour of its own."""
    return element("span", status, class_=f"badge {status.lower()}")


def link(text: str, address: str) -> Html:
    return element("a", text, href=address)


def rows(caption: str, head: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """A table: numbers to the right with thousands, markup as it is, anything else as text. It scrolls by
    itself where it is too wide.
    """
    shown = list(lines)
    numbers = {i for line in shown for i, value in enumerate(line) if _is_number(value)}
    heads = (
        element("th", name, scope="col", class_="number" if i in numbers else None)
        for i, name in enumerate(head)
    )
    body = (element("tr", *(_cell(value, first=i == 0) for i, value in enumerate(line))) for line in shown)
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads)),
        element("tbody", *body),
    )
    html(element("div", whole, class_="wide", tabindex=0, role="region", aria_label=caption))


def _cell(value: Any, *, first: bool) -> Html:
    name, scope = ("th", "row") if first else ("td", None)
    if _is_number(value):
        return element(name, f"{value:,}", class_="number", scope=scope)
    shown = value if isinstance(value, Html) else "" if value is None else str(value)
    return element(name, shown, scope=scope)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def moment(text: str) -> str:
    """A time in ISO 8601 and UTC as people read it; nothing where there is none."""
    return text[:16].replace("T", " ")


def size(number: int) -> str:
    """Bytes as people read them."""
    if number < 1000:
        return f"{number} B"
    power = min(4, (len(str(number)) - 1) // 3)
    return f"{number / 1000**power:.1f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"
