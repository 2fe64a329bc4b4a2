"""Who is sought, and whether a record is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cli.erasure.spellings import ESCAPES, WHOLE, folded, literals, readings, words
from shared.contracts import Dataset
from shared.contracts.people import Identity, identities, is_nobody, spelled_as_stored
from shared.records.reading import Unread
from shared.records.shape import Shape, shape_of
from shared.records.verdict import RAW

BOUND_CHARACTERS = 16  # of texts, Iceberg's default of write.metadata.metrics
BLANKS = " \t\r\n"


class UnfaithfulError(Exception):
    """A file cannot be rewritten so that all but the person's records stay as they are. The text says why."""


@dataclass(frozen=True)
class Sought:
    """`values`: by what identifies them, such as user_id, in the spelling of silver. `marks`: keyed hashes of
    people of whom the values are not at hand, which `mark` makes of a value. `pseudonyms`: what a table may
    hold instead of the values. `encodings`: in which files of the domain may be, beside Unicode's.
    `unreadable`: records that cannot be read are theirs, too, where they only mention them.
    """

    values: Mapping[str, frozenset[str]]
    marks: frozenset[tuple[str, str]] = frozenset()
    mark: Callable[[str, str], str] | None = field(default=None, compare=False)

    pseudonyms: frozenset[str] = frozenset()
    pseudonym: Callable[[str], str] | None = field(default=None, compare=False)  # of a value that is learnt
    encodings: tuple[str, ...] = ("cp1252",)
    unreadable: bool = False
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
        return tuple(sorted(self.learnt.union(self.pseudonyms, *self.values.values()) - {""}))

    @property
    def beyond_numbers(self) -> Sought:
        """Without values that are whole numbers, which stand everywhere and mean anything."""
        others = {n: frozenset(v for v in vs if not WHOLE.fullmatch(v)) for n, vs in self.values.items()}
        return replace(self, values=others, learnt={v for v in self.learnt if not WHOLE.fullmatch(v)})

    def may_be_in(self, text: bytes) -> bool:
        """False where a record of this UTF-8 can be nobody's who is sought."""
        literal = None if self.marks else literals(self.texts)
        if literal is None or any(escape in text for escape in ESCAPES):
            return True
        spelled = folded(text.decode(errors="replace"))
        return any(t in spelled for t in literal)

    def is_mentioned_in(self, text: bytes) -> bool:
        """Whether a value stands there as a word of its own, in whatever encoding, case and escapes."""
        if not self.texts:
            return False
        sought = words(self.texts)
        return any(sought.search(reading) for reading in readings(text, self.encodings))

    def is_bound_in(self, block: bytes) -> bool:
        """Whether a block of a manifest has a value as a bound of a column."""
        return any(bound in block for text in self.texts for bound in _bounds(text))


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
    """Whether a record is of somebody who is sought; one that cannot be read is where its beginning says so.

    Raises UnfaithfulError for a record with rows of several people, of whom only some are sought.
    """
    if (raw := _unread(value)) is not None:
        if sought.unreadable and sought.is_mentioned_in(raw.encode(errors="replace")):
            return True
        begun = _begun(raw)
        if begun is not None and any(_theirs(sought, r, begun, None) for r in readers if _is_flat(r)):
            return True
    if isinstance(value, Unread):
        return False
    found = [_theirs(sought, reader, value, text) for reader in readers]  # each may refuse
    return any(found)


def is_unclear(
    sought: Sought, readers: Sequence[Reader], value: dict[str, Any] | Unread, text: str | None
) -> bool:
    """Whether a record that cannot be read mentions somebody who is sought and may be anybody's."""
    raw = _unread(value)
    mentioned = raw is not None and sought.is_mentioned_in(raw.encode(errors="replace"))
    return mentioned and not is_theirs(sought, readers, value, text)


def _unread(value: dict[str, Any] | Unread) -> str | None:
    """The text of a record that cannot be read; Parquet that bronze made has it in a column."""
    if isinstance(value, Unread):
        return value.raw
    raw = value.get(RAW)
    return raw if isinstance(raw, str) else None


def _is_flat(reader: Reader) -> bool:
    return reader.shape.explode is None and not reader.shape.enveloped


def _begun(raw: str) -> dict[str, Any] | None:
    """The fields of what begins as an object of JSON, up to where it is none. None where another object may
    follow, as where a writer broke off and began anew, and where two fields have one name.
    """
    decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode
    fields: dict[str, Any] = {}
    if not (rest := raw.lstrip(BLANKS)).startswith("{"):
        return None
    rest = rest[1:].lstrip(BLANKS)
    while True:
        try:
            name, end = decode(rest)
            after = rest[end:].lstrip(BLANKS)
            if not isinstance(name, str) or name in fields or not after.startswith(":"):
                break
            sent = after[1:].lstrip(BLANKS)
            value, end = decode(sent)
        except ValueError:
            break
        after = sent[end:].lstrip(BLANKS)
        if not after.startswith((",", "}")):  # the value itself may go on
            break
        fields[name], rest = value, after[1:].lstrip(BLANKS)
        if after.startswith("}"):
            return None if rest else fields
    return None if "{" in rest or any(f'"{name}"' in rest for name in fields) else fields


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


__all__ = ["Reader", "Sought", "UnfaithfulError", "identities", "is_theirs", "is_unclear", "readers_of_file"]
