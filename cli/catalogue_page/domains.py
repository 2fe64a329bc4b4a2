"""The pages that lead to tables: the index, a domain, and the reasons of quarantine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.catalogue import Catalogue, DomainEntry, Entity
from cli.catalogue_page import drawing
from cli.catalogue_page.markup import (
    Html,
    anchor,
    element,
    joined,
    link,
    listed,
    place_link,
    row,
    table,
    words,
)
from cli.catalogue_page.relations import foreign_keys

LAYERS = {
    "raw": "Datasets: what producers drop",
    "silver": "Silver: cleaned and typed",
    "gold": "Gold: computed for questions",
    "quarantine": "Quarantine: rows that broke a rule",
}


def index(catalogue: Catalogue, title: str) -> Html:
    rows = (
        row(
            link(d.name, d.name),
            words(d.description),
            *(str(len(d.of_layer(layer))) for layer in ("raw", "silver", "gold")),
            str(len(d.reports)),
        )
        for d in catalogue.domains
    )
    return element(
        "section",
        element("h2", title),
        element("p", "What the domains hold, who answers for it, where it comes from and where it goes."),
        table("Domains", ("Domain", "Holds", "Datasets", "Silver", "Gold", "Reports"), rows),
        element("p", link("Why files and rows are quarantined", "_reasons")),
        class_="page",
        id="_index",
    )


def reasons(catalogue: Catalogue) -> Html:
    head = ("Reason", "Meaning and what to do")
    return element(
        "section",
        element("p", link("Catalogue", "_index"), class_="crumbs"),
        element("h2", "Why files and rows are quarantined"),
        element("h3", "Files"),
        table("Reasons of files", head, _named(catalogue.file_reasons)),
        element("h3", "Rows"),
        table("Reasons of rows, in every domain", head, _named(catalogue.row_reasons)),
        class_="page",
        id="_reasons",
    )


def _named(meanings: Mapping[str, str]) -> Iterator[Html]:
    return (row(element("code", name), words(meaning)) for name, meaning in meanings.items())


def domain_page(domain: DomainEntry) -> Html:
    return element(
        "section",
        element("p", link("Catalogue", "_index"), class_="crumbs"),
        element("h2", domain.name),
        element(
            "div",
            element("p", *(element("span", mark, class_="kind") for mark in _marks(domain))),
            element("p", words(domain.description)),
            class_="about",
        ),
        *_told("Use it so", domain.usage),
        *_told("Know before", domain.limitations),
        *_people(domain),
        *(part for layer in LAYERS for part in _layer(domain, layer)),
        *_reports(domain),
        *_diagrams(domain),
        *_rules(domain),
        class_="page",
        id=domain.name,
        data_find=domain.name,
        data_place="domain",
    )


def _marks(domain: DomainEntry) -> list[str]:
    runs = f"runs by {domain.schedule}" if domain.schedule else ""
    marks = [f"version {domain.version}", domain.status, runs, *domain.tags]
    return [mark for mark in marks if mark]


def _told(title: str, text: str) -> Iterator[Html]:
    if text:
        yield element("h3", title)
        yield element("p", words(text))


def _people(domain: DomainEntry) -> Iterator[Html]:
    yield element("h3", "Who answers for it")
    if not (domain.team or domain.people or domain.channels):
        yield element("p", "The contract names no team and no support channel.", class_="quiet")
    if domain.team:
        yield element("p", domain.team)
    if domain.people:
        rows = (row(p.name, p.role, p.description) for p in domain.people)
        yield table("People", ("Name", "Role", "More"), rows)
    if domain.channels:
        rows = (
            row(element("a", c.name, href=c.url, rel="noreferrer") if c.url else c.name, c.description)
            for c in domain.channels
        )
        yield table("Support", ("Channel", "More"), rows)
    if domain.agreed:
        yield table(
            "Service levels", ("Promise", "Value"), (row(name, value) for name, value in domain.agreed)
        )


def _layer(domain: DomainEntry, layer: str) -> Iterator[Html]:
    found = [e for e in domain.entities if e.place.layer == layer]
    if found:
        yield element("h3", LAYERS[layer])
        rows = (_entity_row(e) for e in found)
        yield table(f"{domain.name}: {layer}", ("Name", "Kind", "Holds", "Columns"), rows)


def _entity_row(entity: Entity) -> Html:
    named = place_link(entity.place, entity.place.name)
    return row(named, entity.kind, words(entity.description), str(len(entity.columns)))


def _reports(domain: DomainEntry) -> Iterator[Html]:
    if domain.reports:
        yield element("h3", "Reports")
        rows = (row(place_link(r.place, r.place.name), words(r.description)) for r in domain.reports)
        yield table(f"{domain.name}: reports", ("Name", "Tells"), rows)


def _diagrams(domain: DomainEntry) -> Iterator[Html]:
    yield element("h3", "Lineage of all tables")
    shown = [f for f in domain.flows if f.target.layer != "quarantine"]
    yield drawing.lineage(f"Lineage of {domain.name}", shown)
    yield element("h3", "Keys and references")
    entities = [e for e in domain.entities if e.place.layer in ("silver", "gold")]
    yield drawing.references(f"Keys and references of {domain.name}", entities)
    if held := [(e.place, key) for e in entities for key in e.foreign_keys]:
        yield foreign_keys(f"Foreign keys of {domain.name}", held)


def _rules(domain: DomainEntry) -> Iterator[Html]:
    if domain.facts:
        yield element("h3", "For all its tables")
        yield listed(map(words, domain.facts))
    if domain.reasons:
        yield element("h3", "Reasons of its own")
        yield table(
            "Reasons of rows, besides those of all domains", ("Reason", "Meaning"), _named(domain.reasons)
        )
    yield element("p", link("Why files and rows are quarantined in every domain", "_reasons"))


def navigation(catalogue: Catalogue) -> Html:
    return joined(
        [
            element("p", link("All domains", "_index")),
            *(_domain_links(d) for d in catalogue.domains),
            element("p", link("Reasons of quarantine", "_reasons")),
        ]
    )


def _domain_links(domain: DomainEntry) -> Html:
    groups = {layer: [e.place for e in domain.entities if e.place.layer == layer] for layer in LAYERS}
    groups["reports"] = [r.place for r in domain.reports]
    parts = [
        part
        for layer, places in groups.items()
        if places
        for part in (
            element("p", layer, class_="layer"),
            listed(link(p.name, anchor(p)) for p in places),
        )
    ]
    overview = element("p", link("Overview", domain.name), class_="layer")
    return element("details", element("summary", domain.name), overview, *parts, class_="domain")
