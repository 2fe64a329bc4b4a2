"""Reads JSON lines whose names are known with msgspec: what nobody asks for is checked, but kept nowhere.

It says nothing of lines that may be anything else: those are read with `shared.records.strict_json`, which
accepts all that is accepted here (held by a property test).
"""

from __future__ import annotations

from functools import lru_cache, partial
from operator import attrgetter
from typing import Annotated, Any

from shared.records.strict_json import MARK, one_a_line, shallow_list

try:
    import msgspec
except ImportError:  # Glue has none; it judges no files
    msgspec = None  # type: ignore[assignment]

MAX_NAMES = 200
UNNAMEABLE = {'"', "\\", *map(chr, range(32))}


class KnownLines:
    """Reads lines that have some names and no other.

    `texts`: columns of values that Spark and we give the same text of; `asked`: those whose values are
    wanted.
    """

    def __init__(self, names: frozenset[str], texts: frozenset[str], asked: frozenset[str]) -> None:
        fields = {name: f"f{i}" for i, name in enumerate(sorted(names))}
        self._getters = {name: attrgetter(fields[name]) for name in asked & names}
        text = str | bool | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | None
        kinds = {name: text if name in texts else text | float if name in asked else Any for name in names}
        record = msgspec.defstruct(
            "Record",
            [(field, kinds[name], None) for name, field in fields.items()],
            rename={field: name for name, field in fields.items()},
            forbid_unknown_fields=True,
            gc=False,
        )
        mark = Annotated[int, msgspec.Meta(ge=MARK, le=MARK)]
        self._marked = msgspec.json.Decoder(list[record | mark])  # type: ignore[valid-type]
        self._list = msgspec.json.Decoder(list[record])  # type: ignore[valid-type]

    def read(self, lines: bytes) -> tuple[int, dict[str, list[Any]]] | None:
        """How many objects there are, and of each column that is asked for its values (absent: None); None
        unless it is certain that each line is one object of the known names, and shallow.
        """
        return self._columns(one_a_line(lines, partial(_parsed, self._marked)))

    def read_list(self, text: bytes) -> tuple[int, dict[str, list[Any]]] | None:
        """The same of a text of objects with commas between them."""
        return self._columns(shallow_list(text, partial(_parsed, self._list)))

    def _columns(self, objects: list[Any] | None) -> tuple[int, dict[str, list[Any]]] | None:
        if objects is None:
            return None
        return len(objects), {name: list(map(get, objects)) for name, get in self._getters.items()}


def _parsed(decoder: msgspec.json.Decoder[list[Any]], text: bytes) -> list[Any]:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError from error


@lru_cache(32)
def known_lines(names: frozenset[str], texts: frozenset[str], asked: frozenset[str]) -> KnownLines | None:
    """A reader for lines of these names, or None where there is none."""
    if msgspec is None or len(names) > MAX_NAMES or any(not UNNAMEABLE.isdisjoint(n) for n in names):
        return None
    return KnownLines(names, texts, asked)
