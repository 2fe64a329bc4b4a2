"""What several gold tables are computed from: once, by rules that may rest on each other, and nothing of it
stays.
"""

from __future__ import annotations

import threading
from typing import Any

from glue_scripts.engine.gold.lake import Shared


class Rows:
    """As much of a DataFrame as sharing asks for."""

    def __init__(self) -> None:
        self.kept = 0

    def persist(self, _: object) -> Rows:
        self.kept += 1
        return self

    def unpersist(self) -> None:
        self.kept -= 1


def test_shared_rows_are_made_once_and_let_go() -> None:
    made: list[Any] = []

    def rule() -> Any:
        made.append(Rows())
        return made[-1]

    with Shared() as shared:
        assert shared("orders", rule) is shared("orders", rule)
        assert [rows.kept for rows in made] == [1]
    assert [rows.kept for rows in made] == [0]


def test_a_shared_rule_may_rest_on_other_shared_rows() -> None:
    found: list[Any] = []
    lines: Any = Rows()

    def by_day() -> Any:
        assert shared("lines", lambda: lines) is lines
        return Rows()

    with Shared() as shared:
        # A daemon, because a lock that is asked for twice waits forever.
        asking = threading.Thread(target=lambda: found.append(shared("days", by_day)), daemon=True)
        asking.start()
        asking.join(10)
        assert len(found) == 1
