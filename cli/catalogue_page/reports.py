"""The page of a report."""

from __future__ import annotations

from collections.abc import Iterator

from cli.catalogue import ColumnPlace, DomainEntry, Place, ReportEntry
from cli.catalogue_page import drawing
from cli.catalogue_page.markup import Html, anchor, element, link, listed, place_link, row, table, words
from cli.catalogue_page.tables import crumbs


def report_page(domain: DomainEntry, report: ReportEntry) -> Html:
    place = report.place
    sources = domain.upstream(place)
    return element(
        "section",
        crumbs(domain, "report"),
        element("h2", f"report {place.name}"),
        element("div", element("p", words(report.description)), class_="about"),
        element("pre", element("code", report.sql), tabindex=0, role="region", aria_label="SQL"),
        element("h3", "Lineage"),
        _unread(report),
        *(
            [drawing.lineage(f"Lineage of the report {place.name}", domain.around(place), place)]
            if sources
            else []
        ),
        *([table("Reads", ("Table",), (row(place_link(f.source)) for f in sources))] if sources else []),
        *_answer(domain, place),
        class_="page",
        id=anchor(place),
        data_find=f"report {place.name}",
        data_names=place.name,
        data_place=f"{domain.name}: report",
    )


def _unread(report: ReportEntry) -> Html | None:
    if report.unread is None:
        return None
    return element(
        "p", f"What it reads is not known, for its SQL cannot be parsed: {report.unread}", class_="flag"
    )


def _answer(domain: DomainEntry, place: Place) -> Iterator[Html]:
    """The columns of the answer, with those that their values are taken from."""
    steps: dict[str, list[ColumnPlace]] = {}
    for flow in domain.column_flows:
        if flow.target.table == place:
            steps.setdefault(flow.target.column, []).append(flow.source)
    rows = (
        row(
            element("code", name),
            listed(link(element("code", ".".join([*c.table[1:], c.column])), anchor(c)) for c in sources),
            id=anchor(ColumnPlace(place, name)),
        )
        for name, sources in steps.items()
    )
    if steps:
        yield table("Columns of its answer, by the parsed SQL", ("Column", "Taken from"), rows)
