"""SQL for what `shared.values.texts` says: true for a text that is too long, or that no warehouse keeps."""

from __future__ import annotations

from shared.values.texts import MOST_BYTES

HOLDS_NUL = "contains({text}, char(0))"


def too_long(text: str, max_length: int | None) -> str:
    """Characters are counted only in a text of more bytes: a length in bytes costs nothing."""
    if max_length is None:
        return f"octet_length({text}) > {MOST_BYTES}"
    return f"octet_length({text}) > {max_length} AND char_length({text}) > {max_length}"


def unloadable(text: str) -> str:
    """A NUL in a text; UTF-8 has the byte for nothing else."""
    return HOLDS_NUL.format(text=text)
