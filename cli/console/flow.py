"""Where a run's records went, as a picture: one band for each fate, as wide as its share."""

from __future__ import annotations

from cli.catalogue_page.markup import Html, element
from cli.shown_summary import fates
from shared.ledger.model import RowCounts

WIDTH, HEIGHT, BAR, LEFT, RIGHT = 720, 150, 14, 150, 470
LEAST = 2.0  # pixels of a band: one record among millions is still seen
GAP = 22.0  # between two fates: room for their labels


def sentence(counts: RowCounts) -> str:
    """The same in words."""
    parts = " + ".join(f"{getattr(counts, fate):,} {fate}" for fate in fates(counts)[1:])
    return f"{counts.read:,} received = {parts}: {'balanced' if counts.balanced else 'NOT balanced'}"


def flow(counts: RowCounts, title: str) -> Html:
    """The picture; of no records there is none."""
    if not counts.read:
        return Html("")
    name = f"{title}: {sentence(counts)}"
    bands, height = _bands(counts)
    drawn = element(
        "svg",
        element("title", name),
        element("rect", x=LEFT - BAR, y=0, width=BAR, height=HEIGHT, class_="received"),
        element("text", f"{counts.read:,}", x=LEFT - BAR - 8, y=HEIGHT // 2 - 4, text_anchor="end"),
        element("text", "received", x=LEFT - BAR - 8, y=HEIGHT // 2 + 14, text_anchor="end"),
        *bands,
        viewBox=f"0 -6 {WIDTH} {height + 12:.0f}",
        width=WIDTH,
        role="img",
        aria_label=name,
    )
    return element("div", drawn, class_="wide flow", tabindex=0, role="region", aria_label=title)


def _bands(counts: RowCounts) -> tuple[list[Html], float]:
    """The bands with their labels, and how high they are together."""
    top, below, drawn = 0.0, 0.0, list[Html]()
    for fate in fates(counts)[1:]:
        number: int = getattr(counts, fate)
        if not number:
            continue
        share = number / counts.read
        high = max(share * HEIGHT, LEAST)
        drawn.append(_band(fate, top, below, high))
        label = f"{number:,} {fate} ({share:.1%})"
        y = round(below + min(high / 2, GAP / 2) + 5)
        drawn.append(element("text", label, x=RIGHT + BAR + 8, y=y))
        top += share * HEIGHT
        below += max(high, GAP) + 4
    return drawn, max(HEIGHT, below)


def _band(fate: str, top: float, below: float, high: float) -> Html:
    middle = (LEFT + RIGHT) // 2
    path = (
        f"M{LEFT} {top:.1f}C{middle} {top:.1f} {middle} {below:.1f} {RIGHT} {below:.1f}V{below + high:.1f}"
        f"C{middle} {below + high:.1f} {middle} {top + high:.1f} {LEFT} {top + high:.1f}Z"
    )
    bar = element("rect", x=RIGHT, y=f"{below:.1f}", width=BAR, height=f"{high:.1f}")
    return element("g", element("path", d=path), bar, class_=fate)
