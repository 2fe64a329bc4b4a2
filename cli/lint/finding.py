"""One thing that lint found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """What is wrong, where. `subject`: `domain.table.column`, as far as it goes.

    A hint is advice: it is shown and fails nothing.
    """

    file: str
    line: int
    subject: str
    reason: str
    hint: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.subject}: {'hint: ' if self.hint else ''}{self.reason}"
