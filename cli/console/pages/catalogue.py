"""Tables, columns, keys, rules, owners, lineage and diagrams: the pages of `./lake docs`, as contracts are
now. It asks nobody, so it is there while no lake runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from nicegui import run, ui

from cli.catalogue import Catalogue, ColumnPlace, DomainEntry, catalogue
from cli.catalogue_page.domains import domain_page, index, reasons
from cli.catalogue_page.markup import Html, anchor, element, row, table, words
from cli.catalogue_page.reports import report_page
from cli.catalogue_page.tables import page
from cli.console.lake import Lake
from cli.console.page import Page, Visit
from cli.console.parts import html, link, no_domain, problem
from local.errors import expected, told
from shared.names import Names
from stacks.config import settings

PATH = "/catalogue"
STYLE = Path(__file__).parents[1] / "catalogue.css"
INDEX, REASONS = "_index", "_reasons"
REFERENCE = re.compile(r'href="#([^"]+)"')  # as cli/catalogue_page/markup.py makes them; texts are escaped
MOST_FOUND = 50


def build(visit: Visit) -> None:
    if not visit.lake.domains:
        no_domain()
        return
    ui.add_css(STYLE.read_text("utf-8"))
    _search(visit.asked.get("find", ""))
    body = ui.element("div").classes("catalogue").props("aria-busy=true")

    async def show() -> None:
        try:
            shown = await run.io_bound(_shown, visit)
        except expected() as error:
            with body:
                problem(*told(error))
            return
        if shown is not None and not body.is_deleted:
            body.props("aria-busy=false")
            with body:
                html(shown)

    ui.timer(0.01, show, once=True)


def _search(asked: str) -> None:
    field = element("input", type="search", name="find", value=asked)
    label = element("label", element("span", "Find a table, column or report"), field, class_="field")
    button = element("button", "Find", type="submit")
    html(element("form", label, button, action=PATH, method="get", role="search", class_="fields"))


def _shown(visit: Visit) -> Html:
    """What the address asks for."""
    asked, at = visit.asked.get("find", "").strip(), visit.asked.get("at", INDEX)
    name, _, rest = at.partition(".")
    lake = visit.lake
    if asked:
        return _found(_catalogue(lake, lake.domains), asked)
    if name in lake.domains:
        known = _catalogue(lake, (name,))
        part = _part(known, known.domains[0], rest)
    else:
        known = _catalogue(lake, lake.domains)
        part = reasons(known) if at == REASONS else index(known, "Data catalogue")
    return Html(REFERENCE.sub(lambda found: f'href="{_address(found[1])}"', part))


def _part(known: Catalogue, domain: DomainEntry, rest: str) -> Html:
    """Of a domain, or of a table or report that is named by its layer and name."""
    place = tuple(rest.split(".")[:2])
    if not rest:
        return domain_page(domain)
    for entity in domain.entities:
        if entity.place[1:] == place:
            return page(known, domain, entity)
    for report in domain.reports:
        if report.place[1:] == place:
            return report_page(domain, report)
    gone = element(
        "p", f"{domain.name} has no {' '.join(place)}. ", link(f"All of {domain.name}", _address(domain.name))
    )
    return element("div", gone, class_="empty")


def _address(id: str) -> str:
    """Of a page, and of the column's row in it; an id is quoted already."""
    return f"{PATH}?at={id}#{id}"


def _catalogue(lake: Lake, domains: tuple[str, ...]) -> Catalogue:
    """With the names of an environment's databases; no account is in what is shown."""
    names = Names(lake.env, "", "", settings(lake.env).prefix) if lake.env else None
    return catalogue(domains, names)


def _found(known: Catalogue, asked: str) -> Html:
    """What has all the words in its name or its meaning; names before meanings."""
    parts = asked.lower().split()
    matches = [
        (not all(part in name.lower() for part in parts), line)
        for name, text, line in _listed(known)
        if all(part in f"{name} {text}".lower() for part in parts)
    ]
    shown = [line for _, line in sorted(matches, key=lambda pair: pair[0])][:MOST_FOUND]
    if not shown:
        return element("p", f"Nothing is called {asked!r}, or says so.", role="status")
    caption = f"{len(matches):,} found" + (f", the first {MOST_FOUND}" if len(matches) > MOST_FOUND else "")
    return table(caption, ("name", "of", "meaning"), shown)


def _listed(known: Catalogue) -> Iterator[tuple[str, str, Html]]:
    """Names, meanings and lines of all that has a page."""
    for domain in known.domains:
        for entity in domain.entities:
            place = entity.place
            yield _entry(place.name, f"{domain.name}, {place.layer}", entity.description, anchor(place))
            for column in entity.columns:
                of = f"{domain.name}, {place.layer} {place.name}"
                yield _entry(column.name, of, column.description, anchor(ColumnPlace(place, column.name)))
        for report in domain.reports:
            yield _entry(
                report.place.name, f"{domain.name}, report", report.description, anchor(report.place)
            )


def _entry(name: str, of: str, text: str, id: str) -> tuple[str, str, Html]:
    return name, text, row(link(name, _address(quote(id, safe="._-"))), of, words(text))


PAGE = Page(PATH, "Catalogue", build)
