"""Where a table is from, where it goes, and what it refers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.catalogue import ColumnFlow, ColumnPlace, DomainEntry, Entity, Flow, ForeignKey, Place
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

BY_CODE = (
    "How the columns are computed is code, in the domain's transforms, which is not followed: only the tables"
    " that the contract names are."
)
IN_CODE = "How the columns are computed is code, in the domain's transforms."
FOLLOWED = (
    "What the last run followed of it, by Spark's own plan, is below; a column that is not there was not"
    " followed, or is made of none."
)
BY_SQL = "How the columns are computed is this SQL; the tables are those that the contract names."
UNNAMED = "The contract names no table that this one depends on: it is computed anew in every run."


def lineage_of(domain: DomainEntry, entity: Entity) -> Iterator[Html]:
    place = entity.place
    yield element("h3", "Lineage")
    if flows := domain.around(place):
        yield drawing.lineage(f"Lineage of {place.layer} {place.name}", flows, place)
    yield from _flows("Made of", [(f.source, f) for f in domain.upstream(place)])
    if place.layer == "gold" or (place.layer == "silver" and entity.kind == "computed"):
        followed = any(domain.column_upstream(ColumnPlace(place, c.name)) for c in entity.columns)
        unnamed = () if domain.upstream(place) or place.layer == "silver" else (UNNAMED,)
        by_code = (IN_CODE,) if followed else (BY_CODE,)
        how = (*((BY_SQL,) if entity.statement else by_code), *((FOLLOWED,) if followed else ()))
        yield element("p", " ".join([*unnamed, *how]), class_="quiet")
    if entity.statement:
        label = f"SQL of {place.layer} {place.name}"
        yield element("pre", element("code", entity.statement), tabindex=0, role="region", aria_label=label)
    yield from _flows("Goes into", [(f.target, f) for f in domain.downstream(place)])
    rows = [r for column in entity.columns if (r := _column_lineage(domain, ColumnPlace(place, column.name)))]
    if rows:
        caption = f"Lineage of the columns of {place.layer} {place.name}"
        yield table(caption, ("Column", "Made of", "Goes into"), rows)


def _flows(caption: str, flows: list[tuple[Place, Flow]]) -> Iterator[Html]:
    if flows:
        yield table(caption, ("Table", "How"), (row(place_link(p), words(f.how)) for p, f in flows))


def _column_lineage(domain: DomainEntry, column: ColumnPlace) -> Html | None:
    above = [_step(f.source, column.table, f) for f in domain.column_upstream(column)]
    below = [_step(f.target, column.table, f) for f in domain.column_downstream(column)]
    if not above and not below:
        return None
    name = link(element("code", column.column), anchor(column))
    return row(name, *(listed(side) if side else None for side in (above, below)))


def _step(other: ColumnPlace, here: Place, flow: ColumnFlow) -> Html:
    return joined([column_link(other, here), " ", element("span", words(flow.how), class_="quiet")])


def column_link(column: ColumnPlace, here: Place) -> Html:
    place = column.table
    text = column.column if place == here else f"{place.layer}.{place.name}.{column.column}"
    return link(element("code", text), anchor(column))


def references_of(domain: DomainEntry, entity: Entity) -> Iterator[Html]:
    used = domain.referred_by(entity.place)
    if not entity.foreign_keys and not used:
        return
    yield element("h3", "References")
    near = drawing.beside(domain, entity)
    yield drawing.references(f"References of {entity.place.layer} {entity.place.name}", near, entity.place)
    own = [(entity.place, key) for key in entity.foreign_keys]
    others = [(other.place, key) for other, key in used if other.place != entity.place]
    yield foreign_keys("Foreign keys", [*own, *others])


def foreign_keys(caption: str, held: Sequence[tuple[Place, ForeignKey]]) -> Html:
    """Each foreign key with the table that holds it."""
    rows = (
        row(place_link(holder), _names(key.columns), place_link(key.target), _names(key.keys))
        for holder, key in held
    )
    return table(caption, ("Table", "Columns", "Refer to", "Its columns"), rows)


def _names(columns: Sequence[str]) -> Html:
    return words(", ".join(f"`{column}`" for column in columns))
