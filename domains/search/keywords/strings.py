"""Many short strings as one matrix of small codes, so that numpy works on all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST = 64  # characters that count; one machine word
CODES = 64  # 0 is "no character"

Codes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


def _code(character: int) -> int:
    """A letter, digit or the gap has a code of its own; other scripts share the rest."""
    if 97 <= character <= 122:
        return character - 96
    if 48 <= character <= 57:
        return character - 21
    return 37 if character == 45 else 38 + character % 26


_ASCII = np.array([_code(c) for c in range(128)], np.uint8)


@dataclass(frozen=True)
class Strings:
    """`codes[i, j]` is the j-th character of the i-th string, 0 behind its end; `lengths` are at most
    LONGEST.
    """

    codes: Codes
    lengths: Integers

    def __getitem__(self, index: Integers) -> Strings:
        return Strings(self.codes[index], self.lengths[index])


def packed(texts: Sequence[str]) -> Strings:
    cut = [t[:LONGEST] for t in texts]
    lengths = np.fromiter(map(len, cut), np.int64, len(cut))
    points = np.frombuffer("".join(cut).encode("utf-32-le"), np.uint32)
    flat = _ASCII[np.minimum(points, 127)]
    foreign = points > 127
    flat[foreign] = 38 + points[foreign] % 26
    codes = np.zeros((len(cut), LONGEST), np.uint8)
    codes[np.arange(LONGEST) < lengths[:, None]] = flat
    return Strings(codes, lengths)
