"""Statements that were asked before: what was asked and how it went, never what was answered."""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path

MOST = 100
FILE = Path("console") / "queries.jsonl"


@dataclass(frozen=True)
class Past:
    """`at`: ISO 8601, UTC. `rows` of the answer, at most those that were fetched; None where it failed."""

    at: str
    domain: str
    sql: str
    seconds: float
    rows: int | None


class History:
    """The newest statements, kept in a lake's state folder; of a deployed environment, which has none on this
    machine, until the console ends.
    """

    def __init__(self, state: Path | None) -> None:
        self._file = state / FILE if state else None
        self._known: deque[Past] = deque(_read(self._file), maxlen=MOST)

    def newest_first(self) -> list[Past]:
        return list(reversed(self._known))

    def at(self, moment: str) -> Past | None:
        return next((past for past in self._known if past.at == moment), None)

    def add(self, past: Past) -> None:
        self._known.append(past)
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        written = self._file.with_suffix(".part")
        # For its owner alone: statements may name values.
        with open(
            os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
        ) as out:
            out.writelines(f"{json.dumps(asdict(each), ensure_ascii=False)}\n" for each in self._known)
        written.replace(self._file)


def _read(file: Path | None) -> list[Past]:
    """What an earlier console kept; nothing where its lines are of another version."""
    if file is None or not file.exists():
        return []
    try:
        return [Past(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]
    except (ValueError, TypeError):
        return []
