"""How a text spells a number: its marks, groups and signs, and whether they can mean two things."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.values.numbers import CODES, SIGNS

BLANK = "[ \u00a0\u202f]?"
CURRENCY = f"[{SIGNS}]|{'|'.join(CODES.split())}"
CORE = r"\d[\d.,'’ \u00a0\u2009\u202f]*\d|\d[.,]?|[.,]\d+"
NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[+-])?(?:(?P<before>{CURRENCY}){BLANK})?(?P<inner>[+-])?(?P<core>{CORE})"
    rf"(?P<power>[eE][+-]?\d{{1,3}})?(?P<percent>{BLANK}%)?(?:{BLANK}(?P<behind>{CURRENCY}))?"
    rf"(?P<last>-)?(?P<close>\))?",
    re.ASCII,
)
LONGEST = 60  # characters; of more digits no type keeps all
MARK = re.compile(r"[^\d]", re.ASCII)


@dataclass(frozen=True, slots=True)
class NumberForm:
    """`decimal`, `group`: the marks that it has for certain; `either`: one mark before three digits, which
    may be the one or the other. `whole`, `scale`: digits before and behind the mark (of `either`: as a
    decimal).
    """

    decimal: str = ""
    group: str = ""
    either: str = ""
    styles: tuple[str, ...] = ()
    currency: str = ""
    whole: int = 0
    scale: int = 0
    power: bool = False
    zeros: bool = False
    negative: bool = False

    @property
    def like_a_code(self) -> bool:
        """Whether it is digits around an E, as numbers of articles are, too."""
        return self.power and not (self.decimal or self.group or self.either or self.styles)

    @property
    def plain(self) -> bool:
        """Whether it is a whole number and nothing else."""
        return not (self.decimal or self.group or self.either or self.styles or self.power)


def number_form(text: str) -> NumberForm | None:
    """None for what is no number in any spelling that a contract can declare."""
    if len(text) > LONGEST:
        return None
    if text.isdigit() and text.isascii():
        return NumberForm(whole=len(text), zeros=len(text) > 1 and text[0] == "0")
    found = NUMBER.fullmatch(text)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    if found["before"] and found["behind"]:
        return None
    signs = [s for s in (found["sign"], found["inner"], found["last"]) if s]
    if len(signs) + bool(found["open"]) > 1:
        return None
    marked = _marked(found["core"])
    if marked is None or (found["power"] and (marked.group or marked.either == ",")):
        return None
    styles = {
        "currency": found["before"] or found["behind"],
        "percent": found["percent"],
        "parentheses": found["open"],
        "trailing_minus": found["last"],
    }
    return NumberForm(
        marked.decimal,
        marked.group,
        marked.either,
        tuple(sorted(s for s, there in styles.items() if there)),
        found["before"] or found["behind"] or "",
        marked.whole,
        marked.scale,
        bool(found["power"]),
        marked.zeros,
        "-" in signs or bool(found["open"]),
    )


def _marked(core: str) -> NumberForm | None:
    marks = MARK.findall(core)
    pieces = MARK.split(core)
    zeros = len(pieces[0]) > 1 and pieces[0][0] == "0"
    if not marks:
        return NumberForm(whole=len(core), zeros=zeros)
    kinds = list(dict.fromkeys(marks))
    grouped = _grouped(pieces)
    if len(kinds) == 1 and len(marks) == 1 and kinds[0] in ".,":
        whole, scale = len(pieces[0]), len(pieces[1])
        if grouped:
            return NumberForm(either=kinds[0], whole=whole, scale=scale)
        return NumberForm(decimal=kinds[0], whole=whole, scale=scale, zeros=zeros)
    if len(kinds) == 1:
        return NumberForm(group=kinds[0], whole=sum(map(len, pieces))) if grouped else None
    if len(kinds) == 2 and marks.count(kinds[1]) == 1 and kinds[1] in ".," and _grouped(pieces[:-1]):
        whole = sum(map(len, pieces[:-1]))
        return NumberForm(decimal=kinds[1], group=kinds[0], whole=whole, scale=len(pieces[-1]))
    return None


def _grouped(pieces: list[str]) -> bool:
    first, *others = pieces
    return 1 <= len(first) <= 3 and first[0] != "0" and bool(others) and all(len(p) == 3 for p in others)
