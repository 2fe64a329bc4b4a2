"""The plan of a column in a dataset: all that its texts may look like, compiled once from the contract.

The Python reader is here; glue_scripts/engine/read/sql.py makes the same of it in Spark's SQL.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache, cached_property, partial
from typing import Literal

from shared.spellings import Spelling, spellings_of
from shared.values import numbers
from shared.values.declared import Declared, Words
from shared.values.numbers import NOT_FINITE, Numbers
from shared.values.patterns import PatternError, patterns
from shared.values.times import EPOCH, UNITS, Format, Moment, of_epoch, of_excel, of_iso, of_pattern, of_size
from shared.values.zones import day, instant, is_utc

Kind = Literal["date", "timestamp", "number", "boolean", "other"]
Value = dt.date | int | float | Decimal | bool | str  # a timestamp is microseconds since 1970
ISO = "iso"
NAMED = (ISO, *UNITS, "epoch_by_size", "excel_serial", "yyyymmdd")
PATTERNS = {"yyyymmdd": "yyyyMMdd"}
ISO_SOURCES = ("parquet", "xlsx", "ods")  # hand over their typed cells as ISO 8601
NUMBER_SOURCES = ("json", "ndjson", *ISO_SOURCES)  # have numbers that no decimal mark of a text is in
BOOLEANS: tuple[Words, Words] = (("true",), ("false",))
BLANKS = " \t\r\n\u00a0"  # around a value they say nothing
# Blanks of any width, byte-order mark, soft hyphen, zero-width characters and marks of direction (Unicode
# categories Zs, Zl, Zp and the Cf that text editors put at ends).
INVISIBLE = BLANKS + "".join(
    map(
        chr,
        (
            *(0x00AD, 0x061C, 0x1680, 0x180E, 0x202F, 0x205F, 0x3000, 0xFEFF),
            *range(0x2000, 0x2010),
            *range(0x2028, 0x202F),
            *range(0x2060, 0x2070),
        ),
    )
)
CONTROLS = "".join(map(chr, [*range(33), 0x7F]))  # nor do these around digits alone, to Spark
DIGITS = re.compile(r"[+-]?\d+", re.ASCII)


class UnreadableFormatError(ValueError):
    """A declared format that nothing here reads."""


@dataclass(frozen=True)
class Plan:
    """How one column's texts are read. `zone`: what a time without an offset means; None: not said.

    `respelled`: spellings that only the domain has, each turned into one of the formats first. `array`: the
    texts are lists, and all else is of their elements.
    """

    name: str
    type: str
    declared: Declared
    formats: tuple[Format, ...] = ()
    respelled: tuple[Spelling, ...] = ()
    numbers: Numbers = field(default_factory=Numbers)
    booleans: tuple[Words, Words] = BOOLEANS
    array: bool = False

    @property
    def of_element(self) -> Plan:
        """The plan of one element of a list."""
        return replace(self, array=False)

    @property
    def kind(self) -> Kind:
        if self.type in ("date", "timestamp", "boolean"):
            return self.type  # type: ignore[return-value]  # mypy does not narrow a str by its values
        return "number" if self.type in ("int", "bigint", "double") or "decimal" in self.type else "other"

    @property
    def zone(self) -> str | None:
        return self.declared.default_timezone

    @property
    def zoned(self) -> bool:
        """Whether it has local times, of a zone with rules of its own."""
        local = self.kind == "timestamp" and not self.array and any(f.local for f in self.formats)
        return local and self.zone is not None and not is_utc(self.zone)

    @property
    def nothing(self) -> Words:
        """Texts, in lower case, that mean no value in this column beside the contract's null spellings."""
        return NOT_FINITE if self.declared.nan_is_null else ()

    @property
    def dated_by_text(self) -> bool:
        """Whether every text tells its day by itself, without the file that it stands in."""
        return all(s.text is not None for s in self.respelled)

    @cached_property
    def plain(self) -> bool:
        """Whether a typed column could hold its values, too: only the usual spelling is declared."""
        usual = self.numbers.default and self.booleans == BOOLEANS and not self.nothing and not self.respelled
        return (
            usual
            and not self.array
            and self.type not in ("timestamp", "double")
            and all(f.name == ISO for f in self.formats)
        )

    def value(self, text: str) -> Value | None:
        """The value of a text; None for one of no declared spelling. Null spellings are the caller's."""
        text = text.strip(BLANKS)
        match self.kind:
            case "date":
                found = self.moment(text)
                return None if found is None else _date(found.day)
            case "timestamp":
                found = self.moment(text)
                return None if found is None else instant(found, self.zone)
            case "number":
                digits = text.strip(CONTROLS)
                alone = self.numbers.default and self.type in ("int", "bigint") and DIGITS.fullmatch(digits)
                plain = self.numbers.as_plain(digits if alone else text)
                return None if plain is None else numbers.value(plain, self.type)
            case "boolean":
                word, (yes, no) = text.lower(), self.booleans
                return True if word in yes else False if word in no else None
        return text

    def bound(self, what: Literal["minimum", "maximum"]) -> dt.date | int | float | Decimal | None:
        """The least or greatest value of the column, in the contract as ISO 8601 or a plain number.

        None where none is said, or the text is neither.
        """
        text: str | None = getattr(self.declared, what)
        if text is None or self.kind not in ("number", "date", "timestamp"):
            return None
        if self.kind == "number":
            return numbers.value(text, self.type)
        found = of_iso(text)
        if found is None:
            return None
        if self.kind == "date":
            return _date(found.day)
        return None if found.offset is None else instant(found, None)

    def moment(self, text: str) -> Moment | None:
        """What a text says by the first format that reads it; others would say the same, as lint holds."""
        for spelling in self.respelled:
            text = spelling.text(text) if spelling.text else text
        for each in self.formats:
            if (found := each.read(text)) is not None:
                return found
        return None

    def event_date(self, text: str, zone: str) -> dt.date | None:
        """The day that a record with this text belongs to."""
        found = self.moment(text.strip(BLANKS))
        if found is None:
            return None
        if self.kind == "date":
            return _date(found.day)
        micros = instant(found, self.zone)
        return None if micros is None else day(micros, zone)


def _date(number: int) -> dt.date | None:
    try:
        return dt.date.fromordinal(number + EPOCH)
    except (ValueError, OverflowError):
        return None


@cache
def compiled(name: str, type_: str, declared: Declared, domain: str, sources: Words) -> Plan:
    """The plan of a column; `sources`: the formats of the dataset's files.

    Raises UnreadableFormatError.
    """
    array = type_.startswith("array<")
    type_ = type_.removeprefix("array<").removesuffix(">") if array else type_
    typed_numbers = bool({*NUMBER_SOURCES} & {*sources})
    found = Numbers(
        declared.decimal_mark or ".",
        declared.group_mark or "",
        frozenset(declared.number_style or ()),
        typed_numbers,
        declared.currencies or (),
    )
    words = _format_names(type_, declared, sources)
    registered = spellings_of(domain) if words else {}
    return Plan(
        name,
        type_,
        declared,
        tuple(_format(w, declared.locale or "en", domain, registered) for w in words if w not in registered),
        tuple(registered[w] for w in words if w in registered),
        found if type_ not in ("date", "timestamp", "boolean", "string") else Numbers(),
        declared.booleans or BOOLEANS,
        array,
    )


def _format_names(type_: str, declared: Declared, sources: Words) -> Words:
    """The column's own formats, or the defaults for its type, and that of the files' typed cells."""
    if type_ not in ("date", "timestamp"):
        return ()
    above = declared.date_formats if type_ == "date" else declared.timestamp_formats
    words = declared.formats or above or (ISO,)
    return words if ISO in words or not {*ISO_SOURCES} & {*sources} else (*words, ISO)


def _format(word: str, locale: str, domain: str, registered: Iterable[str]) -> Format:
    if word == ISO:
        return Format(word, of_iso)
    if word in UNITS:
        return Format(word, partial(of_epoch, unit=word), local=False, epoch=True)
    if word == "epoch_by_size":
        return Format(word, of_size, local=False, epoch=True)
    if word == "excel_serial":
        return Format(word, of_excel)
    return pattern_format(word, PATTERNS.get(word, word), locale, domain, registered)


def pattern_format(
    word: str, pattern: str, locale: str, domain: str, registered: Iterable[str] = ()
) -> Format:
    """A pattern of java.time as a format; raises UnreadableFormatError."""
    try:
        found = patterns(pattern, locale)
    except PatternError as error:
        own = ", ".join(registered) or "none"
        raise UnreadableFormatError(
            f"{word!r} is none of {', '.join(NAMED)}, is not registered in domains/{domain}/spellings.py"
            f" ({own}), and is no pattern of java.time that is read here: it {error}"
        ) from error

    def read(text: str) -> Moment | None:
        return next((m for p in found if (m := of_pattern(p, text)) is not None), None)

    return Format(word, read, found, local=any(p.local for p in found))
