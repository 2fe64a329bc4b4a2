"""The other order of day and month, and the other decimal mark: what a file may mean that contradicts its
contract.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from shared.values.numbers import PLAIN, Numbers
from shared.values.patterns import Field, Pattern
from shared.values.plan import Plan
from shared.values.times import of_pattern


@dataclass(frozen=True)
class Question:
    """Two meanings of a column's texts: whether a text is spelled as declared, and whether as the other way.

    `asks`: whether the question arises for a text at all. `declared`, `other`: the two, for people.
    """

    asks: Callable[[str], bool]
    fits: Callable[[str], bool]
    fits_other: Callable[[str], bool]
    declared: str
    other: str


def date_order(plan: Plan) -> Question | None:
    """For a column with patterns of a day and a month in digits; None for others."""
    own = [p for f in plan.formats for p in f.patterns if {"day", "month"} <= set(p.kinds)]
    if not own:
        return None
    other = [_exchanged(p) for p in own]
    return Question(
        lambda text: True,
        lambda text: any(of_pattern(p, text) is not None for p in own),
        lambda text: any(of_pattern(p, text) is not None for p in other),
        ", ".join(dict.fromkeys(p.declared for p in own)),
        ", ".join(dict.fromkeys(p.declared for p in other)),
    )


def decimal_mark(plan: Plan) -> Question | None:
    """For a column of numbers with marks of its own; None for others."""
    own = plan.numbers
    if plan.kind != "number" or (own.decimal_mark == "." and not own.group_marks):
        return None
    mark = "," if own.decimal_mark == "." else "."
    groups = "".join(own.decimal_mark if g == mark else g for g in own.group_marks)
    declared, other = replace(own, plain=False), Numbers(mark, groups, own.styles)
    # Numbers of JSON and Parquet have a point whatever texts have, and say nothing of these
    typed = own.plain and own.decimal_mark != "."
    return Question(
        lambda text: not (typed and PLAIN.fullmatch(text)),
        lambda text: declared.matcher.fullmatch(text) is not None,
        lambda text: other.matcher.fullmatch(text) is not None,
        f"decimalMark {own.decimal_mark!r}",
        f"decimalMark {mark!r}",
    )


def _exchanged(pattern: Pattern) -> Pattern:
    """The pattern with day and month in each other's place."""
    fields = {p.kind: p for p in pattern.parts if isinstance(p, Field) and p.kind in ("day", "month")}
    swapped = {fields["day"]: fields["month"], fields["month"]: fields["day"]}
    parts = tuple(swapped.get(p, p) if isinstance(p, Field) else p for p in pattern.parts)
    declared = "".join(p.letters if isinstance(p, Field) else _quoted(p) for p in parts)
    return Pattern(declared, parts, pattern.locale)


def _quoted(text: str) -> str:
    return f"'{text}'" if text.isalpha() else text
