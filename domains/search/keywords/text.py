"""Spellings of a title that people take for the same: the accent-free slug, the slug without gaps, and what
Telex keys leave of it.
"""

from __future__ import annotations

import re
import unicodedata

GAP = "-"
_NO_WORD = re.compile(r"[\W_]+")
_APOSTROPHES = re.compile(r"['’`]")
# Vietnamese Telex: a doubled a, e, o, d or a w after a vowel writes an accent, s f r x j at the end of a word
# or after its vowel a tone.
_DOUBLED = re.compile(r"([aeod])\1+")
_TONES = re.compile(r"(?<=[aeiouy])(ng|nh|ch|[ncmpt])?[sfrxj](?![aeiouy])")
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}


def slug(text: str) -> str:
    """Lower case without accents, words joined by `-`; đ is d, which Unicode does not decompose.

    Empty when nothing is left.
    """
    folded = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d").replace("Đ", "d"))
    if not folded.isascii():
        folded = "".join(c for c in folded if not unicodedata.combining(c)).replace("ı", "i")
    return _NO_WORD.sub(GAP, _APOSTROPHES.sub("", folded).replace("&", " and ")).strip(GAP)


def unspaced(slugged: str) -> str:
    return slugged.replace(GAP, "")


def telex_folded(slugged: str) -> str:
    """What stays of a slug whether its accents were written, dropped, or left as Telex keys: `mawst-bieesc`,
    `mat-biec` → `mat-biec`.

    English typed with Telex switched on loses the same keys, so both sides of a comparison must be folded.
    """
    plain = _DOUBLED.sub(r"\1", slugged.replace("w", ""))
    return _TONES.sub(r"\1", plain)


def words(slugged: str) -> list[str]:
    return [w for w in slugged.split(GAP) if w]


def numbers(slugged: str) -> frozenset[str]:
    """The numbers in a title, Roman ones included: what tells a sequel from the film before it."""
    arabic = (_ROMAN.get(w, w) for w in words(slugged))
    return frozenset(w.lstrip("0") or "0" for w in arabic if w.isdecimal())
