"""Text without header as ingestion's reader takes it: lines split at the delimiter, nothing quoted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from shared.records import Limits
from shared.records.lines import whole_lines
from shared.records.reading import Unread

STRETCH = 1 << 20  # of text that is split at once


@dataclass(frozen=True)
class Bare:
    """`width`: fields of a line; `ends`: a delimiter ends the lines."""

    delimiter: str
    width: int
    ends: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"column_{number:02}" for number in range(1, self.width + 1))


def bare_layout(head: str, delimiter: str) -> Bare:
    """By most lines of a file's start."""
    lines = [line for line in head.split("\n")[:-1] or [head] if line.strip()]
    counts = Counter(line.rstrip("\r").count(delimiter) for line in lines)
    count = max(counts, key=lambda c: (counts[c], c))
    usual = [line.rstrip("\r") for line in lines if line.rstrip("\r").count(delimiter) == count]
    ends = count > 0 and all(line.endswith(delimiter) for line in usual)
    return Bare(delimiter, count + (not ends), ends)


def bare_rows(
    blocks: Iterator[bytes], bare: Bare, limits: Limits
) -> Iterator[dict[str, str | None] | Unread]:
    """Every line that is not blank; one with another number of fields is no record."""
    names, expected = bare.names, bare.width - (not bare.ends)
    for stretch in whole_lines(blocks, STRETCH, limits, None):
        for line in stretch.decode(errors="replace").split("\n"):
            if not line.strip():
                continue
            if line.count(bare.delimiter) != expected:
                yield Unread(line)
                continue
            cells = line.split(bare.delimiter)[: bare.width]
            yield dict(zip(names, (c or None for c in cells), strict=True))
