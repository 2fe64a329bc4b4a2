"""Spellings that a contract leaves unsaid, or says so that a text has two meanings."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contracts.errors import ContractError
from shared.contracts.model import Dataset
from shared.contracts.node import Node
from shared.values import Plan, UnreadableFormatError
from shared.values.overlaps import different_readings
from shared.values.plan import ISO, ISO_SOURCES, NUMBER_SOURCES

SAID_IN_VAIN = "gold takes no texts of producers: how values are spelled, and their bounds, belong to silver"
TIMES = ("date", "timestamp")
NUMBER_WORDS = {
    "decimal_mark": "decimalMark",
    "group_mark": "groupMark",
    "number_style": "numberStyle",
    "nan_is_null": "nanIsNull",
}
TIME_WORDS = {"formats": "formats", "default_timezone": "defaultTimezone", "locale": "locale"}


def unclear_spellings(dataset: Dataset, node: Node) -> Iterator[ContractError]:
    """An error for each column of a dataset whose texts could not be read for sure; `node`: its table's."""
    for name in dataset.received:
        try:
            plan = dataset.plan(name)
        except UnreadableFormatError as error:
            yield node.child("properties").error(f"formats of {name}: {error}")
            continue
        own = dataset.target.column(name).declared.said
        for problem in (
            *_misplaced(plan, set(own)),
            *_times(plan, dataset),
            *_numbers(plan, dataset),
            *_bounds(plan),
        ):
            yield node.child("properties").error(f"{name} in dataset {dataset.name}: {problem}")


def _misplaced(plan: Plan, own: set[str]) -> Iterator[str]:
    """What the column itself says, and a column of its type cannot mean."""
    for words, kinds, what in (
        (NUMBER_WORDS, ("number",), "numbers"),
        (TIME_WORDS, TIMES, "dates and timestamps"),
    ):
        for field in sorted(own & set(words)):
            if plan.kind not in kinds:
                yield f"{words[field]} is for {what}, and the column is a {plan.type}"
    if "booleans" in own and plan.kind != "boolean":
        yield f"booleans are for booleans, and the column is a {plan.type}"
    if own & {"minimum", "maximum"} and plan.kind not in ("number", *TIMES):
        yield f"minimum and maximum are for numbers, dates and timestamps, and the column is a {plan.type}"


def _times(plan: Plan, dataset: Dataset) -> Iterator[str]:
    if plan.kind not in TIMES:
        return
    local = [f.name for f in plan.formats if f.local]
    if plan.kind == "timestamp" and local and plan.zone is None:
        typed = [f for f in dataset.formats if f in ISO_SOURCES]
        why = f" (cells of {', '.join(typed)} come as iso)" if typed and ISO in local else ""
        yield (
            f"texts of the formats {', '.join(local)} may have no offset{why}: say what they mean by"
            " defaultTimezone, in the column's logicalTypeOptions, of the dataset or of the document"
        )
    if not plan.formats:
        yield "the registered spellings need a format that reads what they make of a text, such as iso"
    for one, other, text in different_readings(plan.formats):
        yield (
            f"{one} and {other} both read the text {text!r}, as different times; keep one of them, or give"
            " the other to a dataset of its own"
        )


def _numbers(plan: Plan, dataset: Dataset) -> Iterator[str]:
    if plan.kind != "number":
        return
    spelled = plan.numbers
    if spelled.decimal_mark in spelled.group_marks:
        yield f"decimalMark and groupMark are both {spelled.decimal_mark!r}"
    typed = [f for f in dataset.formats if f in NUMBER_SOURCES]
    if "." in spelled.group_marks and typed:
        yield (
            f"with groupMark '.' the text 1.234 is a thousand, but {', '.join(typed)} has numbers that are"
            " spelled with a point, and there it is one and a bit: let the dataset have csv or xml only, or"
            " drop the mark"
        )


def _bounds(plan: Plan) -> Iterator[str]:
    for what in ("minimum", "maximum"):
        text = getattr(plan.declared, what)
        if text is not None and plan.kind in ("number", *TIMES) and plan.bound(what) is None:
            wanted = {"number": f"a {plan.type}", "date": "a date (2000-01-31)"}.get(
                plan.kind, "a time with its offset (2000-01-31T00:00:00Z)"
            )
            yield f"{what}: expected {wanted}, found {text!r}"
    low, high = plan.bound("minimum"), plan.bound("maximum")
    if low is not None and high is not None and low > high:  # type: ignore[operator]  # both of one type
        yield "minimum is above maximum"
