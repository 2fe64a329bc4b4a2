"""Who is sought, and whether a record is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from shared.contracts import Dataset
from shared.contracts.people import Identity, identities, is_nobody, spelled_as_stored
from shared.records.reading import Unread
from shared.records.shape import Shape, shape_of

# What may stand beside a value where it is a word of its own, so that u42 is not found in u421.
BESIDE = rb"[0-9A-Za-z_\x80-\xff]"
BOUND_CHARACTERS = 16  # of texts, Iceberg's default of write.metadata.metrics
WHOLE = re.compile(r"-?\d+", re.ASCII)
ESCAPES = (b"\\u", b"&#")  # a value may be spelled with these, and then its own bytes do not stand there


class UnfaithfulError(Exception):
    """A file cannot be rewritten so that all but the person's records stay as they are. The text says why."""


@dataclass(frozen=True)
class Sought:
    """`values`: by what identifies them, such as user_id, in the spelling of silver. `marks`: keyed hashes of
    people of whom the values are not at hand, which `mark` makes of a value. `pseudonyms`: what a table may
    hold instead of the values.
    """

    values: Mapping[str, frozenset[str]]
    marks: frozenset[tuple[str, str]] = frozenset()
    mark: Callable[[str, str], str] | None = field(default=None, compare=False)

    pseudonyms: frozenset[str] = frozenset()
    pseudonym: Callable[[str], str] | None = field(default=None, compare=False)  # of a value that is learnt
    learnt: set[str] = field(default_factory=set, compare=False)  # values of marks, as records turn up

    def has(self, identity: str, value: str) -> bool:
        if value in self.values.get(identity, ()):
            return True
        if not self.marks or self.mark is None or (identity, self.mark(identity, value)) not in self.marks:
            return False
        self.learnt.add(value)
        if self.pseudonym is not None:
            self.learnt.add(self.pseudonym(value))
        return True

    @property
    def unknown(self) -> frozenset[tuple[str, str]]:
        """Of `marks` those of which no value is at hand: no search of bytes finds these people."""
        if self.mark is None:
            return self.marks
        known = {*self.learnt}.union(*self.values.values())
        names = {name for name, _ in self.marks}
        return self.marks - {(name, self.mark(name, value)) for name in names for value in known}

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(sorted(self.learnt.union(self.pseudonyms, *self.values.values())))

    def may_be_in(self, text: bytes) -> bool:
        """False where a record of these bytes can be nobody's who is sought."""
        if self.marks or any(escape in text for escape in ESCAPES):
            return True
        return any(not t.isascii() or t.encode() in text for t in self.texts)

    def is_mentioned_in(self, text: bytes) -> bool:
        """Whether a value stands there as a word of its own."""
        return bool(self.texts) and _words(self.texts).search(text) is not None

    def is_bound_in(self, block: bytes) -> bool:
        """Whether a block of a manifest has a value as a bound of a column."""
        return any(bound in block for text in self.texts for bound in _bounds(text))


@lru_cache(maxsize=8)
def _words(texts: tuple[str, ...]) -> re.Pattern[bytes]:
    """Any of them as a word of its own, in text of ASCII's family and in UTF-16."""
    plain = b"|".join(re.escape(t.encode()) for t in texts)
    wide = b"|".join(re.escape(t.encode(f"utf-16-{end}")) for t in texts for end in ("le", "be"))
    return re.compile(rb"(?<!" + BESIDE + rb")(?:" + plain + rb")(?!" + BESIDE + rb")|" + wide)


def _bounds(text: str) -> Iterator[bytes]:
    """A value as Avro has it, its length before it; of a text Iceberg keeps a beginning (specification,
    "Bound serialization"), and of a whole number its bytes.
    """
    kept = [text[:BOUND_CHARACTERS].encode()]
    if WHOLE.fullmatch(text) and abs(int(text)) < 2**63:
        kept += [
            int(text).to_bytes(size, "little", signed=True)
            for size in (4, 8)
            if abs(int(text)) < 2 ** (8 * size - 1)
        ]
    for value in kept:
        yield bytes([2 * len(value)]) + value  # zigzag; a length below 64 is one byte


@dataclass(frozen=True)
class Reader:
    """What finds people in the records of a file: one dataset that reads it."""

    shape: Shape
    identities: tuple[Identity, ...]


def readers_of_file(
    datasets: Sequence[Dataset], references: Callable[[Dataset], tuple[Identity, ...]], kind: str
) -> list[Reader]:
    """`kind`: the format of the file."""
    return [Reader(shape_of(d, kind), found) for d in datasets if (found := references(d))]


def is_theirs(
    sought: Sought, readers: Sequence[Reader], value: dict[str, Any] | Unread, text: str | None
) -> bool:
    """Whether a record is of somebody who is sought; one that cannot be read is where it mentions them.

    Raises UnfaithfulError for a record with rows of several people, of whom only some are sought.
    """
    if isinstance(value, Unread):
        return sought.is_mentioned_in(value.raw.encode(errors="replace"))
    found = [_theirs(sought, reader, value, text) for reader in readers]  # each may refuse
    return any(found)


def _theirs(sought: Sought, reader: Reader, value: dict[str, Any], text: str | None) -> bool:
    found = [
        any(
            (sent := row.values.get(i.column)) is not None
            and not is_nobody(sent, i)
            and sought.has(i.name, spelled_as_stored(sent, i))
            for i in reader.identities
        )
        for row in reader.shape.rows(value, text)
    ]
    if any(found) and not all(found):
        raise UnfaithfulError("a record lists several people")
    return bool(found) and all(found)


__all__ = ["Reader", "Sought", "UnfaithfulError", "identities", "is_theirs", "readers_of_file"]
