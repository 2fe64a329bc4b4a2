"""A plan in words, for the pages of the data model."""

from __future__ import annotations

from shared.values.plan import BOOLEANS, Plan


def described(plan: Plan) -> str:
    """What is declared of a column's texts; nothing for text, and for plain numbers without bounds."""
    said = [*_times(plan), *_numbers(plan)]
    if plan.kind == "boolean" and plan.booleans != BOOLEANS:
        said += [f"true is {_listed(plan.booleans[0])}", f"false is {_listed(plan.booleans[1])}"]
    if plan.declared.minimum is not None:
        said.append(f"not below {plan.declared.minimum}")
    if plan.declared.maximum is not None:
        said.append(f"not above {plan.declared.maximum}")
    return "; ".join(said)


def _times(plan: Plan) -> list[str]:
    if plan.kind not in ("date", "timestamp"):
        return []
    said = [f"spelled {_listed([f.name for f in plan.formats])}"]
    if plan.respelled:
        said.append("and in spellings of the domain's own")
    if plan.kind == "timestamp" and plan.zone:
        said.append(f"without an offset it is a time of {plan.zone}")
    return said


def _numbers(plan: Plan) -> list[str]:
    spelled = plan.numbers
    said = []
    if spelled.decimal_mark != ".":
        said.append(f"decimal mark `{spelled.decimal_mark}`")
    if spelled.group_marks:
        said.append(f"groups of three with {_listed(spelled.group_marks)}")
    if spelled.styles:
        said.append(f"also with {_listed(sorted(spelled.styles))}")
    if plan.nothing:
        said.append("NaN and Infinity mean nothing")
    return said


def _listed(words: list[str] | tuple[str, ...] | str) -> str:
    return ", ".join(f"`{w}`" for w in words)
