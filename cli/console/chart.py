"""A chart of an answer. Its values stand in the table beside it, for whoever cannot see it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nicegui import ui

from cli.console.parts import quiet
from shared.report_chart import Chart

MOST_POINTS = 1000
COLOURS = ("#2a78c2", "#d1710f", "#2f9457", "#a54bb8", "#c23b4b", "#6b7280")
INK = "#808890"  # of labels: to be read on a light and on a dark ground


def numeric(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """The columns whose values are numbers, or texts of numbers as Athena gives them."""
    return [name for i, name in enumerate(columns) if _is_number(row[i] for row in rows)]


def _is_number(values: Iterable[Any]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(number(value) is not None for value in known)


def number(value: Any) -> float | None:
    """None for what is no number."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def draw(chart: Chart, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Columns that the answer does not have, or that hold no numbers, are named instead."""
    places = {name.lower(): i for i, name in enumerate(columns)}
    numbers = {name.lower() for name in numeric(columns, rows)}
    if lost := [n for n in chart.columns if n.lower() not in places]:
        quiet(f"No chart: the answer has no column {', '.join(lost)}.")
        return
    if wordy := [n for n in chart.y if n.lower() not in numbers]:
        quiet(f"No chart: {', '.join(wordy)} holds no numbers.")
        return
    x, shown = places[chart.x.lower()], list(rows)[:MOST_POINTS]
    if chart.kind == "line":
        shown.sort(key=lambda row: _sort_key(row[x]))
    values = {name: [number(row[places[name.lower()]]) for row in shown] for name in chart.y}
    if len(rows) > MOST_POINTS:
        quiet(f"The chart shows the first {MOST_POINTS:,} of {len(rows):,} rows.")
    labels = ["" if row[x] is None else str(row[x]) for row in shown]
    lines(f"{', '.join(chart.y)} by {chart.x}", chart.kind, labels, values)


def lines(
    title: str, kind: str, labels: Sequence[str], values: dict[str, list[float | None]], dashed: int = 0
) -> None:
    """`values`: of each series, along the labels; the last `dashed` of them are drawn as bounds."""
    series = [
        {
            "name": name,
            "type": kind,
            "data": each,
            "showSymbol": len(each) < 60,
            "lineStyle": {"type": "dashed" if i >= len(values) - dashed else "solid"},
        }
        for i, (name, each) in enumerate(values.items())
    ]
    axis = {"axisLabel": {"color": INK}, "axisLine": {"lineStyle": {"color": INK}}}
    options = {
        "animation": False,
        "color": COLOURS,
        "textStyle": {"color": INK},
        "legend": {"top": 0, "textStyle": {"color": INK}, "type": "scroll"},
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 8, "right": 16, "top": 40, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "data": labels, **axis},
        "yAxis": {"type": "value", **axis},
        "series": series,
    }
    chart = ui.echart(options).classes("chart")
    chart.props["role"] = "img"
    chart.props["aria-label"] = f"{kind.capitalize()} chart: {title}. The table has its values."


def _sort_key(value: Any) -> tuple[bool, float, str]:
    """Numbers by their size, then texts; dates are texts in the order of time."""
    found = number(value)
    return found is None, found or 0.0, str(value)
