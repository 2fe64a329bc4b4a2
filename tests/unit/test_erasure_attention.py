"""`./lake status` says that an erasure has not ended, and that files with erased people came since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cli.attention import _of_erasures
from shared.ledger.model import RowCounts, RunResult
from tests.support.ingest_rig import GOOD, Rig, rig


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def said(lake: Rig) -> list[tuple[str, str, bool]]:
    session: Any = SimpleNamespace(ledger=lake.ledger)
    return [(item.what, item.do, item.red) for item in _of_erasures(session, "shop", " --demo")]


def came(lake: Rig, finished_at: str, erased: int) -> None:
    rows = RowCounts(read=5, written=5 - erased, erased=erased)
    lake.ledger.record_run(RunResult("shop", finished_at, "users", rows, finished_at=finished_at))


def test_nothing_is_said_where_nobody_was_erased(lake: Rig) -> None:
    came(lake, "2026-03-01T10:00:00+00:00", 0)
    assert said(lake) == []


def test_an_erasure_that_broke_off_is_red(lake: Rig) -> None:
    lake.ledger.record_erasure("shop", "e1", {"people": 2, "marks": "m"})
    [(what, do, red)] = said(lake)
    assert (what, do, red) == (
        "erasure e1 of 2 people has not ended: they are still in some store",
        "./lake forget shop --demo with the same keys",
        True,
    )


def test_records_that_came_since_are_counted(lake: Rig) -> None:
    lake.ledger.record_erasure("shop", "e1", {"people": 2, "ended": "2026-03-02T10:00:00+00:00"})
    came(lake, "2026-03-01T10:00:00+00:00", 4)
    assert said(lake) == []
    came(lake, "2026-03-03T10:00:00+00:00", 1)
    came(lake, "2026-03-04T10:00:00+00:00", 2)
    [(what, do, red)] = said(lake)
    assert what.startswith("3 records of erased people came since the erasure of 2026-03-02T10:00:00+00:00")
    assert (do, red) == ("./lake forget shop --demo --again", False)


def test_a_file_that_comes_again_as_it_was_is_counted(lake: Rig) -> None:
    first = lake.arrive("shop/events/a.ndjson", GOOD)
    lake.ledger.record_erasure("shop", "e1", {"people": 2, "ended": "2024-03-05T11:00:00+00:00"})
    lake.arrive("shop/events/b.ndjson", GOOD)  # at noon
    assert said(lake) == []  # nothing was taken out of what it is a copy of
    lake.ledger.commit(replace(first, rewritten=True))
    [(what, _, _)] = said(lake)
    assert what.startswith("1 files as they were before came since the erasure of 2024-03-05T11:00:00+00:00")
