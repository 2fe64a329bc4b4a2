"""What one part of a contract says about spellings: the document, a dataset or a column."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

Words = tuple[str, ...]


@dataclass(frozen=True)
class Declared:
    """None: this part says nothing, and the part above it counts.

    `formats` are a column's own; documents and datasets say `date_formats` and `timestamp_formats` instead.
    `booleans`: the words for true and those for false. `minimum`, `maximum`: as the contract spells them.
    """

    formats: Words | None = None
    date_formats: Words | None = None
    timestamp_formats: Words | None = None
    default_timezone: str | None = None
    locale: str | None = None
    decimal_mark: str | None = None
    group_mark: str | None = None
    number_style: Words | None = None
    nan_is_null: bool | None = None
    booleans: tuple[Words, Words] | None = None
    minimum: str | None = None
    maximum: str | None = None

    def over(self, above: Declared) -> Declared:
        """This part's words, and those of the part above it where this one says nothing."""
        return replace(above, **self.said)

    @property
    def said(self) -> dict[str, Any]:
        """What this part says, by field."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) is not None}
