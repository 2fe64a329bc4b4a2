"""What `infer` could not decide: it marks the line, and people take the mark away with their answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from shared.contracts.load import CONTRACT, place
from shared.project import domain_folder

OPEN = re.compile(r"#\s*DECIDE\b:?\s*(.*)")


@dataclass(frozen=True)
class Question:
    """An open question of a contract, in the words that stand behind its mark."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: not decided yet: {self.text}"


def open_questions(domain: str) -> Iterator[Question]:
    """The questions that a domain's contract leaves open; that it is no UTF-8 is told where it is read."""
    text = (domain_folder(domain) / CONTRACT).read_text("utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        if found := OPEN.search(line):
            yield Question(place(domain), number, found[1] or line.strip())
