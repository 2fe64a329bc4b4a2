"""Diagrams as SVG that stands in the page: lineage, and tables with their references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from cli.catalogue import DomainEntry, Entity, Flow, Place
from cli.catalogue.layout import Picture, Size, Spot, layered
from cli.catalogue_page.markup import Html, anchor, element, joined, reference

LETTER = 7.3  # pixels: a letter of a monospaced font of 12 pixels, 0.602 em in the usual ones
LINE = 18
PADDING = 10
MARGIN = 8
MOST_LOOSE = 4  # boxes in a line of those that nothing refers to


def lineage(title: str, flows: Sequence[Flow], here: Place | None = None) -> Html:
    """Boxes for all places of some flows; `here` is marked, and stands for the page."""
    places = list(
        dict.fromkeys([*([here] if here else []), *(p for f in flows for p in (f.source, f.target))])
    )
    places.sort(key=lambda p: ("raw", "quarantine", "silver", "gold", "report").index(p.layer))
    sizes = {p: Size(_width([p.layer, p.name]), 2 * LINE + PADDING) for p in places}
    picture = layered(sizes, [(f.source, f.target) for f in flows])
    boxes = (_place_box(p, picture.spots[p], p == here) for p in places)
    return _svg(title, picture, [*_arrows(picture), *boxes])


def references(title: str, entities: Sequence[Entity], here: Place | None = None) -> Html:
    """Tables with the columns of their keys, and an arrow from each foreign key to what it refers to."""
    shown = {e.place: _key_columns(e, entities) for e in entities}
    arrows = [(e.place, key.target) for e in entities for key in e.foreign_keys if key.target in shown]
    sizes = {e.place: _entity_size(e, shown[e.place]) for e in entities}
    bound = {place for arrow in arrows for place in arrow}
    picture = layered({p: s for p, s in sizes.items() if p in bound}, arrows)
    picture = _with_loose(picture, {p: s for p, s in sizes.items() if p not in bound})
    boxes = (_entity_box(e, shown[e.place], picture.spots[e.place], e.place == here) for e in entities)
    return _svg(title, picture, [*_key_arrows(entities, shown, picture), *boxes])


def beside(domain: DomainEntry, entity: Entity) -> list[Entity]:
    """A table, those it refers to, and those that refer to it."""
    near = {entity.place, *(key.target for key in entity.foreign_keys)}
    near |= {other.place for other, _ in domain.referred_by(entity.place)}
    return [e for e in domain.entities if e.place in near]


def _width(lines: Iterable[str]) -> int:
    return int(max(map(len, lines), default=0) * LETTER) + 2 * PADDING


def _svg(title: str, picture: Picture[Place], parts: Iterable[str]) -> Html:
    width, height = picture.width + 2 * MARGIN, picture.height + 2 * MARGIN
    drawn = element(
        "svg",
        element("title", title),
        element("g", *parts, transform=f"translate({MARGIN} {MARGIN})"),
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="group",
        aria_label=title,
    )
    return element("div", drawn, class_="wide diagram", tabindex=0, role="region", aria_label=title)


def _place_box(place: Place, spot: Spot, here: bool) -> Html:
    x, y = spot.x + PADDING, spot.y + LINE
    drawn = joined(
        [
            _rect(spot),
            element("text", place.layer, x=x, y=y, class_="layer"),
            element("text", place.name, x=x, y=y + LINE),
        ]
    )
    return _linked(place, drawn, here)


def _linked(place: Place, drawn: Html, here: bool) -> Html:
    kind = f"box {place.layer}" + (" here" if here else "")
    current = "true" if here else None
    return element("a", drawn, href=reference(anchor(place)), class_=kind, aria_current=current)


def _rect(spot: Spot) -> Html:
    return element("rect", x=spot.x, y=spot.y, width=spot.width, height=spot.height, rx=4)


def _arrows(picture: Picture[Place]) -> Iterable[Html]:
    for (source, target), points in picture.ways.items():
        a, b = picture.spots[source], picture.spots[target]
        start, end = (a.x + a.width, a.y + a.height // 2), (b.x, b.y + b.height // 2)
        yield _arrow([start, *points, end])


def _arrow(points: Sequence[tuple[int, int]]) -> Html:
    """A smooth line through points, level at each, with a head at its end."""
    path = f"M{points[0][0]} {points[0][1]}"
    for (x, y), (to_x, to_y) in pairwise(points):
        bend = max(abs(to_x - x) // 2, 20)
        path += f"C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
    x, y = points[-1]
    return element("path", d=f"{path}M{x - 7} {y - 4}L{x} {y}L{x - 7} {y + 4}", class_="arrow")


def _key_columns(entity: Entity, entities: Sequence[Entity]) -> list[str]:
    """The columns that tie a table to others, and its own key; in the table's order."""
    named = {*entity.key, *(c for key in entity.foreign_keys for c in key.columns)}
    named |= {k for e in entities for key in e.foreign_keys if key.target == entity.place for k in key.keys}
    return [c.name for c in entity.columns if c.name in named]


def _label(entity: Entity, name: str) -> str:
    marks = ["PK"] if name in entity.key else []
    marks += ["FK"] if any(name in key.columns for key in entity.foreign_keys) else []
    return f"{name} {' '.join(marks)}".strip()


def _rest(entity: Entity, shown: Sequence[str]) -> list[str]:
    left = len(entity.columns) - len(shown)
    return [f"+ {left} column{'' if left == 1 else 's'}"] if left else []


def _entity_size(entity: Entity, shown: Sequence[str]) -> Size:
    lines = [
        f"{entity.place.layer} {entity.place.name}",
        *(_label(entity, n) for n in shown),
        *_rest(entity, shown),
    ]
    return Size(_width(lines), len(lines) * LINE + PADDING)


def _entity_box(entity: Entity, shown: Sequence[str], spot: Spot, here: bool) -> Html:
    lines = [*(_label(entity, name) for name in shown), *_rest(entity, shown)]
    x, y = spot.x + PADDING, spot.y + LINE - 3
    below = spot.y + LINE + 2
    drawn = [
        _rect(spot),
        element("text", f"{entity.place.layer} {entity.place.name}", x=x, y=y, class_="name"),
        element("line", x1=spot.x, y1=below, x2=spot.x + spot.width, y2=below),
        *(element("text", line, x=x, y=y + LINE * n + 2) for n, line in enumerate(lines, 1)),
    ]
    return _linked(entity.place, joined(drawn), here)


def _key_arrows(
    entities: Sequence[Entity], shown: Mapping[Place, Sequence[str]], picture: Picture[Place]
) -> Iterable[Html]:
    for entity in entities:
        for key in entity.foreign_keys:
            if key.target not in shown:
                continue
            a, b = picture.spots[entity.place], picture.spots[key.target]
            start = (a.x + a.width, _line(a, shown[entity.place], key.columns[0]))
            end = (b.x, _line(b, shown[key.target], key.keys[0]))
            yield _arrow([start, *picture.ways.get((entity.place, key.target), ()), end])


def _line(spot: Spot, shown: Sequence[str], column: str) -> int:
    """The height of a column's line in a box."""
    return spot.y + LINE * (shown.index(column) + 1) + PADDING


def _with_loose(picture: Picture[Place], sizes: Mapping[Place, Size]) -> Picture[Place]:
    """The picture with boxes below it that no arrow reaches, a few in a line."""
    spots, top, width = (
        dict(picture.spots),
        picture.height + (2 * LINE if picture.spots else 0),
        picture.width,
    )
    places = list(sizes)
    for first in range(0, len(places), MOST_LOOSE):
        left, line = 0, places[first : first + MOST_LOOSE]
        for place in line:
            spots[place] = Spot(left, top, sizes[place].width, sizes[place].height)
            left += sizes[place].width + LINE
        width = max(width, left - LINE)
        top += max(sizes[place].height for place in line) + LINE
    return Picture(spots, picture.ways, width, top - LINE if places else picture.height)
