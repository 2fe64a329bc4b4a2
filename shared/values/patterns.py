"""Patterns of java.time (`dd/MM/yyyy HH:mm`), of which both readers take the same regular expression.

Strict: a field has the digits that its letters say, and nothing may stand beside. A pattern with optional
sections is several patterns.
Source of the letters: java.time.format.DateTimeFormatter. Two digits of a year are of 2000 to 2099, as there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from shared.values import names

Kind = Literal[
    "year",
    "short_year",
    "month",
    "month_name",
    "day",
    "day_of_year",
    "weekday",
    "hour",
    "hour_of_half",
    "hour_to_24",
    "half",
    "minute",
    "second",
    "fraction",
    "offset",
]
DIGITS: dict[str, tuple[Kind, str, str]] = {  # letter → kind, as one letter, as two
    "M": ("month", r"\d{1,2}", r"\d{2}"),
    "L": ("month", r"\d{1,2}", r"\d{2}"),
    "d": ("day", r"\d{1,2}", r"\d{2}"),
    "H": ("hour", r"\d{1,2}", r"\d{2}"),
    "h": ("hour_of_half", r"(?:1[0-2]|0?[1-9])", r"(?:1[0-2]|0[1-9])"),
    "K": ("hour_of_half", r"(?:1[01]|0?\d)", r"(?:1[01]|0\d)"),
    "k": ("hour_to_24", r"(?:2[0-4]|1\d|0?[1-9])", r"(?:2[0-4]|1\d|0[1-9])"),
    "m": ("minute", r"\d{1,2}", r"\d{2}"),
    "s": ("second", r"\d{1,2}", r"\d{2}"),
}
OFFSETS = {
    "X": r"(?:[Zz]|[+-]\d{2}(?:\d{2})?)",
    "XX": r"(?:[Zz]|[+-]\d{4})",
    "XXX": r"(?:[Zz]|[+-]\d{2}:\d{2})",
    "x": r"[+-]\d{2}(?:\d{2})?",
    "xx": r"[+-]\d{4}",
    "xxx": r"[+-]\d{2}:\d{2}",
    "Z": r"[+-]\d{4}",
    "ZZZZZ": r"(?:[Zz]|[+-]\d{2}:\d{2})",
}
VARIABLE = ("M", "L", "d", "H", "h", "K", "k", "m", "s", "D")  # one letter: one digit or two
MOST_SECTIONS = 4
TOKEN = re.compile(r"'(?:[^']|'')*'|''|([A-Za-z])\1*|.", re.DOTALL)
NAMED = ("month_name", "weekday", "half")


class PatternError(ValueError):
    """Why a text is no pattern that is read here."""


@dataclass(frozen=True)
class Field:
    """A part of the pattern that holds a value; `letters` as they were written."""

    kind: Kind
    letters: str
    regex: str


@dataclass(frozen=True)
class Pattern:
    """One pattern without optional sections. `parts`: texts, and fields between them."""

    declared: str
    parts: tuple[str | Field, ...]
    locale: str

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        return tuple(p for p in self.parts if isinstance(p, Field))

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """What each group of the regular expression holds, in order."""
        return tuple(f.kind for f in self.fields)

    @property
    def named(self) -> bool:
        """Whether it has names; then both readers compare lower case."""
        return any(k in NAMED for k in self.kinds)

    @property
    def local(self) -> bool:
        """Whether it has no offset from UTC."""
        return "offset" not in self.kinds

    @cached_property
    def regex(self) -> str:
        """One group for each field; the same in Python (ASCII) and in Java, for the whole text."""
        return "".join(
            f"({p.regex})" if isinstance(p, Field) else _escaped(p.lower() if self.named else p)
            for p in self.parts
        )

    @cached_property
    def matcher(self) -> re.Pattern[str]:
        return re.compile(self.regex, re.ASCII)

    def numbers(self, kind: Kind) -> dict[str, int]:
        """The names that a field of names may hold, and what they stand for."""
        letters = next(f.letters for f in self.fields if f.kind == kind)
        return _names(kind, letters, self.locale)


def patterns(declared: str, locale: str) -> tuple[Pattern, ...]:
    """Raises PatternError, with the letter at fault."""
    found = tuple(
        Pattern(declared, tuple(_parts(text, locale)), locale) for text in _without_sections(declared)
    )
    for pattern in found:
        _check(pattern)
    return found


def _without_sections(declared: str) -> list[str]:
    """The pattern with and without each of its optional sections; inner ones first."""
    texts, done = [declared], 0
    while any(section := _section(t) for t in texts):
        done += 1
        if done > MOST_SECTIONS:
            raise PatternError(f"has more than {MOST_SECTIONS} optional sections")
        split: list[str] = []
        for text in texts:
            section = _section(text)
            if section is None:
                split.append(text)
            else:
                start, end = section
                split += [
                    text[:start] + text[start + 1 : end] + text[end + 1 :],
                    text[:start] + text[end + 1 :],
                ]
        texts = split
    return list(dict.fromkeys(texts))


def _section(text: str) -> tuple[int, int] | None:
    """Where the first section without one inside begins and ends."""
    opened = None
    for token in TOKEN.finditer(text):
        if token[0] == "[":
            opened = token.start()
        elif token[0] == "]":
            if opened is None:
                raise PatternError("has a ] without [")
            return opened, token.start()
    if opened is not None:
        raise PatternError("has a [ without ]")
    return None


def _parts(text: str, locale: str) -> Iterator[str | Field]:
    for token in TOKEN.finditer(text):
        found = token[0]
        if token[1]:
            yield _field(found, locale)
        elif found == "''":
            yield "'"
        elif found.startswith("'"):
            if len(found) < 2 or not found.endswith("'"):
                raise PatternError("has a ' that is not closed")
            yield found[1:-1].replace("''", "'")
        elif found in "{}#":
            raise PatternError(f"has {found!r}, which java.time reserves; put it between quotes")
        else:
            yield found


def _field(letters: str, locale: str) -> Field:
    letter, count = letters[0], len(letters)
    if letter in "yu" and count in (1, 2, 4):
        short = count == 2
        return Field("short_year" if short else "year", letters, r"\d{2}" if short else r"(?!0000)\d{4}")
    if letter in "ML" and count in (3, 4):
        return Field("month_name", letters, _one_of(_names("month_name", letters, locale)))
    if letter in DIGITS and count in (1, 2):
        kind, one, two = DIGITS[letter]
        return Field(kind, letters, one if count == 1 else two)
    if letter == "D" and count in (1, 3):
        return Field("day_of_year", letters, r"\d{3}" if count == 3 else r"\d{1,3}")
    if letter == "E" and count <= 4:
        return Field("weekday", letters, _one_of(_names("weekday", letters, locale)))
    if letter == "S" and count <= 9:
        return Field("fraction", letters, rf"\d{{{count}}}")
    if letters == "a":
        return Field("half", letters, _one_of(_names("half", letters, locale)))
    if letters in OFFSETS:
        return Field("offset", letters, OFFSETS[letters])
    if letter in "zvVO":
        raise PatternError(f"has {letters!r}: names of zones are not read, offsets (XXX) are")
    raise PatternError(f"has the letters {letters!r}, which are not read here; put text between quotes")


def _names(kind: Kind, letters: str, locale: str) -> dict[str, int]:
    if kind == "half":
        return names.halves(locale)
    if kind == "weekday":
        return names.numbered(names.DAYS if len(letters) == 4 else names.SHORT_DAYS, locale, 0)
    return names.numbered(names.MONTHS if len(letters) == 4 else names.SHORT_MONTHS, locale)


def _one_of(spellings: dict[str, int]) -> str:
    """The longest first, so that the whole name is taken; an abbreviation may have its full stop."""
    return f"(?:{'|'.join(_escaped(s) for s in sorted(spellings, key=lambda s: (-len(s), s)))})\\.?"


def _escaped(text: str) -> str:
    return (
        re.sub(r"([^\w ])", r"\\\1", text, flags=re.ASCII)
        if text.isascii()
        else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    )


def _check(pattern: Pattern) -> None:
    """Raises PatternError where the fields make no time, or none for certain."""
    kinds = pattern.kinds
    for kind in set(kinds):
        if kinds.count(kind) > 1:
            raise PatternError(f"has {kind.replace('_', ' ')} twice")
    if {"month", "month_name"} <= set(kinds) or {"year", "short_year"} <= set(kinds):
        raise PatternError("has year or month twice")
    dated = {"month", "month_name"} & set(kinds) and "day" in kinds
    if not {"year", "short_year"} & set(kinds) or bool(dated) == ("day_of_year" in kinds):
        raise PatternError("needs a year, and a month and a day (or a day of the year)")
    if ("hour_of_half" in kinds) != ("half" in kinds):
        raise PatternError("has h or K without a, or a without these: morning or afternoon is not said")
    hours = sum(k in kinds for k in ("hour", "hour_of_half", "hour_to_24"))
    if hours > 1:
        raise PatternError("has the hour twice")
    for part, whole in (("minute", hours), ("second", "minute" in kinds), ("fraction", "second" in kinds)):
        if part in kinds and not whole:
            raise PatternError(f"has a {part} without what it is part of")
    if "offset" in kinds and not hours:
        raise PatternError("has an offset without an hour")
    for one, next_one in zip(pattern.parts, pattern.parts[1:], strict=False):
        if isinstance(one, Field) and isinstance(next_one, Field):
            _check_neighbours(one, next_one)


def _check_neighbours(one: Field, other: Field) -> None:
    """Digits right behind digits have a fixed number, or it could not be told where they end."""
    digits = [f.kind not in (*NAMED, "offset") for f in (one, other)]
    if all(digits) and (one.letters in VARIABLE or other.letters in VARIABLE):
        raise PatternError(f"has {one.letters} right before {other.letters}: where does the first one end?")
