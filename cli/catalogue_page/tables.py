"""The page of a dataset or a table."""

from __future__ import annotations

from collections.abc import Iterator

from cli.catalogue import (
    Catalogue,
    Column,
    ColumnPlace,
    DomainEntry,
    Entity,
)
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
from cli.catalogue_page.relations import column_link, lineage_of, references_of


def page(catalogue: Catalogue, domain: DomainEntry, entity: Entity) -> Html:
    """All that the catalogue knows of one table."""
    place = entity.place
    return element(
        "section",
        crumbs(domain, place.layer),
        element("h2", f"{place.layer} {place.name}", id=f"{anchor(place)}._title"),
        element(
            "div",
            element("p", *(element("span", mark, class_="kind") for mark in _marks(entity))),
            element("p", words(entity.description)),
            class_="about",
        ),
        *_query(catalogue, entity),
        *_shape(entity),
        _columns(domain, entity),
        *(_row_columns(catalogue, entity) if place.layer == "silver" else ()),
        *_delivered(entity),
        *_promises(entity),
        *lineage_of(domain, entity),
        *references_of(domain, entity),
        *_reports(domain, entity),
        *_owner(domain),
        class_="page",
        id=anchor(place),
        aria_labelledby=f"{anchor(place)}._title",
        data_find=f"{place.layer} {place.name}",
        data_names=place.name,
        data_place=f"{domain.name}: {entity.kind}",
    )


def crumbs(domain: DomainEntry, *further: str) -> Html:
    parts = [link("Catalogue", "_index"), " › ", link(domain.name, domain.name)]
    return element("p", *parts, *(f" › {part}" for part in further), class_="crumbs")


def _marks(entity: Entity) -> list[str]:
    told = entity.place.layer in ("raw", "quarantine") or entity.kind == entity.meaning
    kind = entity.kind if told else f"{entity.kind}: {entity.meaning}"
    return [kind, *entity.tags]


def _query(catalogue: Catalogue, entity: Entity) -> Iterator[Html]:
    place = entity.place
    if place.layer != "raw":
        env = f" --env {catalogue.environment}" if catalogue.environment else ""
        select = f"select * from {place.layer}.{place.name} limit 10"
        statement = f'./lake query{env} --domain {place.domain} "{select}"'
        yield element("pre", element("code", statement), tabindex=0, role="region", aria_label="Query it")
    if database := catalogue.databases.get((place.domain, place.layer)):
        what = "What was received, in Athena: " if place.layer == "raw" else "In Athena: "
        yield element("p", what, element("code", f"{database}.{place.name}"))


def _shape(entity: Entity) -> Iterator[Html]:
    """How rows are told apart, stored, and which of them count."""
    named = {
        "Key": entity.key,
        "Partitioned by": entity.partition_fields,
        "Newest by": entity.order,
    }
    parts = [
        part
        for label, names in named.items()
        if names
        for part in (element("dt", label), element("dd", words(", ".join(f"`{n}`" for n in names))))
    ]
    if parts:
        yield element("dl", *parts)
    if entity.facts:
        yield element("h3", "How rows come and go" if entity.key else "How files are read")
        yield listed(map(words, entity.facts))


def _columns(domain: DomainEntry, entity: Entity) -> Html:
    rows = (_column(domain, entity, column) for column in entity.columns)
    head = ("Column", "Meaning", "Type", "Promised", "Also spelt")
    caption = f"Columns of {entity.place.layer} {entity.place.name}"
    return joined([element("h3", f"Columns ({len(entity.columns)})"), table(caption, head, rows)])


def _row_columns(catalogue: Catalogue, entity: Entity) -> Iterator[Html]:
    """What reports may ask for besides the contract's columns."""
    rows = (
        row(element("code", name), words(meaning), id=anchor(ColumnPlace(entity.place, name)))
        for name, meaning in catalogue.row_columns
    )
    yield table("Also in every row: where it is from", ("Column", "Meaning"), rows)


def _delivered(entity: Entity) -> Iterator[Html]:
    """A dataset's columns as producers spell them."""
    if entity.delivered:
        rows = (
            row(
                element("code", name),
                element("code", kind),
                column_link(ColumnPlace(entity.place, known), entity.place)
                if known
                else "by a path, or not at all",
            )
            for name, kind, known in entity.delivered
        )
        yield table("As they stand in the files", ("Column", "Type", "Read as"), rows)


def _column(domain: DomainEntry, entity: Entity, column: Column) -> Html:
    place = entity.place
    meaning = [element("div", words(" ".join([column.description, *column.notes])))]
    if column.spelled:
        label = "Read as: " if place.layer == "raw" else "Values: "
        meaning.append(element("div", label, words(column.spelled), class_="quiet"))
    for key in entity.foreign_keys:
        if column.name in key.columns:
            other = ColumnPlace(key.target, key.keys[key.columns.index(column.name)])
            meaning.append(element("div", "Refers to ", column_link(other, place), class_="quiet"))
    return row(
        element("code", column.name),
        element("div", *meaning, class_="meaning"),
        element("code", column.type),
        joined(_flags(column)),
        joined(_commas(element("code", alias) for alias in column.aliases)),
        id=anchor(ColumnPlace(place, column.name)),
        data_find=column.name,
        data_names=" ".join([column.name, *column.aliases]),
        data_place=f"{domain.name}, {place.layer} {place.name}",
    )


def _flags(column: Column) -> Iterator[Html]:
    marks = [
        f"key {column.key}" if column.key else "",
        "required" if column.required else "",
        f"partition {column.partition}" if column.partition else "",
    ]
    for mark in filter(None, marks):
        yield element("div", mark, class_="quiet")
    if column.classification:
        yield element("div", column.classification, class_="flag")


def _commas(parts: Iterator[Html]) -> Iterator[str]:
    for n, part in enumerate(parts):
        yield from (", ", part) if n else (part,)


def _promises(entity: Entity) -> Iterator[Html]:
    if entity.rejects:
        yield element("h3", "Rows are quarantined when")
        yield listed(map(words, entity.rejects))
    if entity.gate:
        yield element("h3", "Quality gate before gold")
        yield listed(map(words, entity.gate))
    if entity.promises:
        yield element("h3", "Promised in words")
        yield listed(map(words, entity.promises))


def _reports(domain: DomainEntry, entity: Entity) -> Iterator[Html]:
    """The queries that show how the table is used."""
    readers = {f.target for f in domain.downstream(entity.place) if f.target.layer == "report"}
    found = [r for r in domain.reports if r.place in readers]
    if found:
        yield element("h3", "Reports that read it")
        yield listed(joined([place_link(r.place, r.place.name), " ", words(r.description)]) for r in found)


def _owner(domain: DomainEntry) -> Iterator[Html]:
    people = ", ".join(f"{p.name} ({p.role})" if p.role else p.name for p in domain.people)
    lines = {
        "Team": domain.team,
        "People": people,
        "Ask": ", ".join(c.name for c in domain.channels),
        "Agreed": "; ".join(f"{name} {value}" for name, value in domain.agreed),
    }
    parts = [p for label, text in lines.items() if text for p in (element("dt", label), element("dd", text))]
    yield element("h3", "Who answers for it")
    yield element("dl", *parts) if parts else element("p", "The contract names nobody.", class_="quiet")
    yield element("p", "More on the page of ", link(domain.name, domain.name), ".", class_="quiet")
