"""How people misspell titles: eleven kinds of noise.

The classifier trains on them, the benchmark measures with them.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence

# What people put beside a title; callers that measure pass words of their own.
EXTRA_WORDS = (
    "phim",
    "xem phim",
    "full hd",
    "vietsub",
    "thuyet minh",
    "trailer",
    "tap 1",
    "2022",
    "long tieng",
    "online",
    "ban dep",
    "movie",
)
NEIGHBOURS = {
    **{
        "a": "qsz",
        "b": "vgn",
        "c": "xdv",
        "d": "sfe",
        "e": "wrd",
        "f": "dgr",
        "g": "fht",
        "h": "gjy",
        "i": "uok",
        "j": "hku",
        "k": "jli",
        "l": "kop",
    },
    **{
        "m": "njk",
        "n": "bmh",
        "o": "ipl",
        "p": "ol",
        "q": "wa",
        "r": "etf",
        "s": "adw",
        "t": "ryg",
        "u": "yij",
        "v": "cbf",
        "w": "qes",
        "x": "zcs",
    },
    **{"y": "tuh", "z": "xa"},
}
ACCENTS = {"a": "áàảãạăâ", "e": "éèẻẽẹê", "i": "íìỉĩị", "o": "óòỏõọôơ", "u": "úùủũụư", "y": "ýỳỷỹỵ", "d": "đ"}
TONES = {"\u0301": "s", "\u0300": "f", "\u0309": "r", "\u0303": "x", "\u0323": "j"}
SHAPES = {"\u0302": None, "\u0306": "w", "\u031b": "w"}  # a circumflex doubles its letter
SHORTEST = 4


class Noise:
    """Noise from one seeded source; the same seed and calls give the same texts."""

    def __init__(self, seed: int, extra_words: Sequence[str] = EXTRA_WORDS) -> None:
        self._random, self._extra = random.Random(seed), tuple(extra_words)
        self.kinds: dict[str, Callable[[str], str]] = {
            "case": self.case,
            "diacritics": self.diacritics,
            "one_typo": self.typo,
            "two_typos": lambda title: self.typo(self.typo(title)),
            "word_order": self.word_order,
            "truncation": self.truncation,
            "extra_words": self.extra,
            "no_spaces": lambda title: title.replace(" ", "").lower(),
            "telex": self.telex,
            "extra_and_typo": lambda title: self.extra(self.typo(title)),
            "extra_plain_typo": lambda title: self.extra(self.typo(plain(title))),
        }

    def case(self, title: str) -> str:
        return self._random.choice((str.upper, str.lower, str.title, str.swapcase))(title)

    def diacritics(self, title: str) -> str:
        """Accents lost where the title has some, accents too many where it has none."""
        if plain(title) != title:
            return plain(title).lower()
        return "".join(
            self._random.choice(ACCENTS[c]) if c in ACCENTS and self._random.random() < 0.4 else c
            for c in title.lower()
        )

    def typo(self, title: str) -> str:
        """One slip of a finger: a letter left out, doubled, exchanged with the next, or its
        neighbour's key.
        """
        at = [i for i, c in enumerate(title) if c.isalpha()] or list(range(len(title)))
        i = self._random.choice(at)
        match self._random.randrange(4):
            case 0 if len(title) > SHORTEST:
                return title[:i] + title[i + 1 :]
            case 1 if i + 1 < len(title) and title[i + 1] != title[i]:
                return title[:i] + title[i + 1] + title[i] + title[i + 2 :]
            case 2:
                return title[:i] + self._key(title[i]) + title[i:]
        return title[:i] + self._key(title[i]) + title[i + 1 :]

    def _key(self, letter: str) -> str:
        return self._random.choice(NEIGHBOURS.get(plain(letter).lower(), "aeiou"))

    def word_order(self, title: str) -> str:
        parts = title.split()
        cut = self._random.randrange(1, len(parts)) if len(parts) > 1 else 0
        return " ".join(parts[cut:] + parts[:cut])

    def truncation(self, title: str) -> str:
        """The beginning: two thirds of the title or more, at least four characters."""
        kept = max(SHORTEST, round(len(title) * self._random.uniform(0.65, 0.9)))
        return title[:kept].rstrip()

    def extra(self, title: str) -> str:
        word = self._random.choice(self._extra)
        return f"{word} {title}" if self._random.random() < 0.5 else f"{title} {word}"

    def telex(self, title: str) -> str:
        """Accents as raw Telex keys; a title without accents is typed with Telex switched on, which eats keys
        and sets accents.
        """
        if plain(title) != title:
            return " ".join(_keys(word) for word in title.lower().split())
        return " ".join(_typed(word) for word in title.lower().split())


def plain(text: str) -> str:
    """Without accents."""
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _keys(word: str) -> str:
    """The keys for a Vietnamese word, its tone last: `mắt` → `mawts`."""
    written, tone = "", ""
    for c in unicodedata.normalize("NFD", word.replace("đ", "dd")):
        if c in TONES:
            tone = TONES[c]
        elif c in SHAPES:
            written += SHAPES[c] or written[-1:]
        else:
            written += c
    return written + tone


def _typed(word: str) -> str:
    """What Telex makes of a word that is not Vietnamese: `boot` → `bôt`, `star` → `stả`."""
    marks = {key: mark for mark, key in TONES.items()}
    written = ""
    for c in word:
        last = written[-1:]
        if c in "aeo" and c == last:
            written += "\u0302"
        elif c == "d" == last:
            written = written[:-1] + "đ"
        elif c in marks and last in ("a", "e", "i", "o", "u", "y", "\u0302"):
            written += marks[c]
        else:
            written += c
    return unicodedata.normalize("NFC", written)
