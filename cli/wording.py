"""Counts as people read them."""

from __future__ import annotations


def counted(count: int, what: str = "value", many: str | None = None) -> str:
    """`1,204 values`; `many` where that is no plain plural."""
    return f"{count:,} {what if count == 1 else many or f'{what}s'}"


def share(count: int, of: int) -> str:
    """In per cent, never 100 or 0 where that is not exact."""
    if not of or count in (0, of):
        return "100 %" if of and count == of else "0 %"
    return f"{min(99.9, max(0.1, 100 * count / of)):.1f} %"
