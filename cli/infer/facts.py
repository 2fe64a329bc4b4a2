"""What is noted of one value: never the value, only how it is spelled. Equal spellings have equal facts, so
that a column is a count of a few of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from cli.infer.number_forms import NumberForm, number_form
from cli.infer.private import pattern_of
from cli.infer.time_forms import TimeForm, time_form
from cli.infer.vocabulary import BOOLEAN_WORDS, NULLS, OPERATIONS
from shared.records.plain import text_of
from shared.records.strict_json import Number
from shared.values.patterns import patterns
from shared.values.plan import BLANKS
from shared.values.times import of_pattern

Kind = Literal["text", "number", "boolean", "bytes"]
KEPT = 1 << 16  # texts whose facts are remembered
FIRST, LAST = 946_684_800, 4_102_444_800  # seconds of the years 2000 to 2099, in which epochs are looked for
UNITS = (("epoch_s", 1), ("epoch_ms", 10**3), ("epoch_us", 10**6), ("epoch_ns", 10**9))
EXCEL_FIRST, EXCEL_LAST = 36_526, 73_050  # days since 1899-12-30 of the same years
WORDS = NULLS | BOOLEAN_WORDS | {o.lower() for o in OPERATIONS}
OUTLINE = str.maketrans("23456789", "11111111")  # of digits only zeros matter to how a number is spelled
TIME_DIGITS = (5, 8, 9, 10, 12, 13, 15, 16, 18, 19)  # of days of Excel, yyyymmdd and epochs
SHORTEST_CARD = 13
_ALIKE: dict[tuple[str, str], Facts] = {}
_KNOWN: dict[tuple[object, ...], Facts] = {}
(COMPACT,) = patterns("yyyyMMdd", "en")


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Equal facts are one object, so that counting compares no fields. `kind`: what the file had: a text, a
    number of JSON or Parquet, a boolean. `blank`: no text at all. `word`: one of the vocabulary. `epoch`: the
    only unit in which the number is a time of 2000 to 2099. `private`: a pattern. `size`: length of a text,
    as a power of two.
    """

    kind: Kind = "text"
    blank: bool = False
    word: str = ""
    number: NumberForm | None = None
    time: TimeForm | None = None
    epoch: str = ""
    private: str = ""
    size: int = 0

    @property
    def value(self) -> bool:
        """Whether it is more than a spelling of nothing."""
        return not self.blank and self.word not in NULLS


def facts_of(value: Any) -> Facts:
    """Of a plain value; None is none."""
    if value is True or value is False:
        return interned("boolean", word="true" if value else "false")
    if isinstance(value, bytes):
        return interned("bytes", size=len(value).bit_length())
    if isinstance(value, Number | int | float):
        return _facts(text_of(value), "number")
    return _facts(value, "text")


def is_value(name: str) -> bool:
    """Whether a text is a number, a time or a pattern of a value: no name of a column is."""
    facts = facts_of(name)
    return (
        facts.number is not None
        or facts.time is not None
        or bool(facts.private)
        or facts.word in ("true", "false")
    )


def _facts(text: str, kind: Kind) -> Facts:
    """Numbers of one outline, and words without digits of one size, are alike and looked up together."""
    outline = text.translate(OUTLINE)
    found = _ALIKE.get((outline, kind))
    if found is None:
        if text.isalpha() and text.lower() not in WORDS:
            return interned(kind, size=len(text).bit_length())
        found = _of_text(text, kind)
        if _by_outline(found, outline) and len(_ALIKE) < KEPT:
            _ALIKE[outline, kind] = found
    return found


def _by_outline(facts: Facts, outline: str) -> bool:
    """Whether every text of an outline has these facts: a number that is too short, or too long, for a time
    or for check digits.
    """
    digits = outline.count("0") + outline.count("1")
    return (
        facts.number is not None
        and facts.time is None
        and not facts.private
        and digits < SHORTEST_CARD
        and not (outline.isdigit() and digits in TIME_DIGITS)
        and facts.number.whole not in TIME_DIGITS
    )


@lru_cache(KEPT)
def _of_text(text: str, kind: Kind) -> Facts:
    bare = text.strip(BLANKS)
    if not bare:
        return interned(kind, blank=True)
    lower = bare.lower()
    word = bare if bare in OPERATIONS else lower if lower in NULLS or lower in BOOLEAN_WORDS else ""
    number = number_form(bare)
    if number is not None and kind == "number" and number.either:  # typed numbers have a point, never groups
        number = replace(number, decimal=number.either, either="")
    time = time_form(bare) if number is None or number.styles == () else None
    grouped = number is not None and bool(number.group)  # `1.234.567.890`, which is an address, too
    private = pattern_of(bare) if kind == "text" and time is None and not grouped else ""
    epoch = _epoch(bare, number) if number is not None else ""
    size = len(bare).bit_length() if number is None and time is None else 0
    return interned(kind, False, word, number, time, epoch, private, size)


def interned(
    kind: Kind,
    blank: bool = False,
    word: str = "",
    number: NumberForm | None = None,
    time: TimeForm | None = None,
    epoch: str = "",
    private: str = "",
    size: int = 0,
) -> Facts:
    """The one object with these facts."""
    key = (kind, blank, word, number, time, epoch, private, size)
    found = _KNOWN.get(key)
    if found is None:
        found = _KNOWN[key] = Facts(*key)
    return found


def _epoch(text: str, number: NumberForm) -> str:
    if number.zeros or number.negative or not (number.plain or (number.decimal == "." and not number.group)):
        return ""
    if number.styles or number.power or number.whole > 19:
        return ""
    whole = int(text.partition(".")[0] or 0)
    if number.whole == 8 and number.plain and of_pattern(COMPACT, text) is not None:
        year = whole // 10_000
        return "yyyymmdd" if 1900 <= year <= 2100 else ""
    if EXCEL_FIRST <= whole < EXCEL_LAST:
        return "excel_serial"
    return next((unit for unit, factor in UNITS if FIRST * factor <= whole < LAST * factor), "")
