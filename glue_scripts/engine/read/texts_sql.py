"""SQL for what `shared.values.texts` says: true for a text that is too long, or that no warehouse keeps."""

from __future__ import annotations

from collections.abc import Callable

from shared.values.texts import MOST_BYTES

Test = Callable[[str], str]
"""SQL of a value → SQL that is true where it is not as it should be."""


def too_long(text: str, max_length: int | None) -> str:
    """Characters are counted only in a text of more bytes: a length in bytes costs nothing."""
    if max_length is None:
        return f"octet_length({text}) > {MOST_BYTES}"
    return f"octet_length({text}) > {max_length} AND char_length({text}) > {max_length}"


def unloadable(text: str) -> str:
    """A NUL in a text; UTF-8 has the byte for nothing else."""
    return f"contains({text}, char(0))"


def in_any(value: str, test: Test, kind: str) -> str:
    """SQL that is true where a test is, of a value of this type or of one that it holds: of a map's keys."""
    if kind.startswith("array"):
        return f"exists({value}, e -> {test('e')})"
    return f"exists(map_keys({value}), e -> {test('e')})" if kind.startswith("map") else test(value)
