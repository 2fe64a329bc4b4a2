"""The whole catalogue as one document."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from cli.catalogue import Catalogue
from cli.catalogue_page.domains import domain_page, index, navigation, reasons
from cli.catalogue_page.markup import Html, element, joined, link
from cli.catalogue_page.reports import report_page
from cli.catalogue_page.tables import page

HERE = Path(__file__).parent


def document(catalogue: Catalogue) -> str:
    """The catalogue as HTML that needs nothing else; the same catalogue is the same text."""
    title = "Data catalogue" + (f" of {catalogue.environment}" if catalogue.environment else "")
    style, script = ((HERE / name).read_text("utf-8") for name in ("style.css", "script.js"))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Html(style)),
    )
    # Content is on lines of its own, so that two catalogues can be compared by line.
    pages = joined(Html(f"{each}\n") for each in _pages(catalogue, title))
    frame = element(
        "div",
        element("nav", navigation(catalogue), aria_label="Tables"),
        element("main", Html("\n"), pages, id="_main", tabindex=-1),
        class_="frame",
    )
    body = element("body", _header(title), frame, element("script", Html(script)))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _policy(style: str, script: str) -> str:
    """Nothing is fetched, and nothing runs or is styled but what is written here: whatever a contract's texts
    hold.
    """
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none';"
        " form-action 'none'"
    )


def _hash(text: str) -> str:
    """As a Content-Security-Policy names an inline script or style (W3C, Content Security Policy Level 3)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _header(title: str) -> Html:
    field = element(
        "input",
        id="_words",
        type="search",
        autocomplete="off",
        spellcheck="false",
        aria_describedby="_count",
    )
    return element(
        "header",
        element("a", "Skip to the page", href="#_main", class_="skip", hidden=True),
        element("h1", link(title, "_index")),
        element(
            "search",
            element("label", "Search tables, columns, reports (Ctrl+K)", for_="_words"),
            field,
            element("p", id="_count", class_="count", role="status"),
            element("ul", id="_found", hidden=True),
            id="_search",
            class_="search",
            hidden=True,
        ),
    )


def _pages(catalogue: Catalogue, title: str) -> Iterator[Html]:
    yield index(catalogue, title)
    for domain in catalogue.domains:
        yield domain_page(domain)
        yield from (page(catalogue, domain, entity) for entity in domain.entities)
        yield from (report_page(domain, report) for report in domain.reports)
    yield reasons(catalogue)
