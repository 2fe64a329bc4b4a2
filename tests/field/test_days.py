"""Rows that move to another day, or leave: what is computed by day follows, and so does the warehouse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from glue_scripts.engine.run.job import Replay
from local.aws.redshift import Warehouse
from shared.contracts import Contract, contract
from shared.ingestion import ingest
from shared.values import Declared
from tests.support import warehouse as stand_in
from tests.support.field import with_column, with_tables
from tests.support.rig import Rig

SOURCES = ("notes", "stock", "prices", "visits", "scans")
MARTS = (*(f"{source}_by_day" for source in SOURCES), "stock_by_sku")
HEADERS = {
    "notes": "sku,note,written_at",
    "stock": "sku,pieces,counted_at",
    "prices": "sku,price,seen_at",
    "visits": "page,seen_at",
}


def csv(source: str, *rows: str) -> bytes:
    """A file of a source; `5` at the end of a row is the fifth of January."""
    spelled = (f"{row[:-1]}2026-01-0{row[-1]}T10:00:00Z" for row in rows)
    return "\n".join([HEADERS[source], *spelled, ""]).encode()


FIRST = {
    "notes/a.csv": csv("notes", "n1,x,1", "n2,x,2"),
    "notes/b.csv": csv("notes", "n3,x,2"),
    "stock/a.csv": csv("stock", "s1,1,1", "s2,5,2"),
    "stock/b.csv": csv("stock", "s2,6,3"),
    "prices/2026-01-01/a.csv": csv("prices", "p1,1,1", "p2,2,1"),
    "visits/a.csv": csv("visits", "home,1", "home,2"),
    "visits/b.csv": csv("visits", "home,3"),
    # Its dates are in no header, nor its shop in the text.
    "scans/shop=7/a.csv": b"home|2026-01-01\ncart|2026-01-02\ncart|someday\n",
}
FOLLOWED = {
    "notes": {1: 1, 2: 2},
    "stock": {1: 1, 3: 1},
    "prices": {1: 2},
    "visits": {1: 1, 2: 1, 3: 1},
    "scans": {1: 1, 2: 1},
    "by_sku": {"s1": 1, "s2": 6},
}
CORRECTED = {
    "notes/a.csv": csv("notes", "n1,x,5"),  # n1 moves, n2 leaves; of the first day nothing is left
    "stock/b.csv": csv("stock", "s3,7,4"),  # s2 is again what it was before
    "prices/2026-01-02/a.csv": csv("prices", "p1,3,2"),  # p1 moves, p2 leaves
    "visits/a.csv": csv("visits", "home,2", "cart,2"),
    "scans/shop=7/a.csv": b"cart|2026-01-02\n",
}
MOVED = {
    "notes": {2: 1, 5: 1},
    "stock": {1: 1, 2: 1, 4: 1},
    "prices": {2: 1},
    "visits": {2: 2, 3: 1},
    "scans": {2: 1},
    "by_sku": {"s1": 1, "s2": 5, "s3": 7},
}


def dropped(lake: Rig, files: dict[str, bytes]) -> None:
    for key, content in files.items():
        outcome = lake.drop(f"days/{key}", content)
        assert outcome is not None
        assert outcome.status == "accepted", outcome


def told(rows: Callable[[str], list[tuple[Any, ...]]]) -> dict[str, dict[Any, int]]:
    """Rows by day of each source, and pieces by article."""
    by_day = {source: {d.day: n for d, n in rows(f"{source}_by_day")} for source in SOURCES}
    return {**by_day, "by_sku": dict(rows("stock_by_sku"))}


def gold(lake: Rig) -> dict[str, dict[Any, int]]:
    return told(lambda name: lake.rows(f"gold.{name}"))


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with stand_in.started() as made:
        yield made


@pytest.fixture(scope="module")
def moved(lake: Callable[..., Rig], warehouse: Warehouse) -> list[Any]:
    """Gold, and the warehouse, after the files and after their corrections."""
    made, seen = lake("days", "field-days"), list[Any]()
    made.keep_versions()
    for run, files in (("first", FIRST), ("second", CORRECTED)):
        dropped(made, files)
        made.run(run, warehouse=True)
        loads = stand_in.load(made, warehouse)
        held = told(lambda name: stand_in.rows(made, warehouse, name))
        seen.append((gold(made), held, loads))
    return [made, *seen]


@pytest.mark.field("h17", "A corrected file moves rows to another day: marts by day follow", "right")
def test_what_is_counted_by_day_follows_rows_that_move(moved: list[Any]) -> None:
    _, (first, _, _), (second, _, _) = moved
    assert first == FOLLOWED
    assert second == MOVED


@pytest.mark.field("h17", "A corrected file empties a day: the warehouse's row of it goes as well", "right")
def test_the_warehouse_holds_what_gold_holds(moved: list[Any]) -> None:
    _, (_, first, rebuilt), (_, second, reloaded) = moved
    assert first == FOLLOWED
    assert second == MOVED
    assert rebuilt == dict.fromkeys(MARTS, "rebuild")
    assert reloaded == dict.fromkeys(MARTS, "reload")


def test_a_range_of_days_and_a_full_refresh_give_the_same(moved: list[Any]) -> None:
    lake = moved[0]
    lake.run("range", from_date=dt.date(2026, 1, 1), to_date=dt.date(2026, 1, 2))
    assert gold(lake) == MOVED
    lake.run("full", full_refresh=True)
    assert gold(lake) == MOVED


@pytest.mark.field("31", "A run of some days again, after one of their files was corrected", "right")
@pytest.mark.field("h17", "A run of the days that a correction took rows from reads the correction", "right")
def test_a_run_of_old_days_reads_the_correction(lake: Callable[..., Rig]) -> None:
    made = lake("days", "old-days")
    made.keep_versions()
    dropped(made, FIRST)
    made.run("first")
    dropped(made, CORRECTED)
    made.run("range", from_date=dt.date(2026, 1, 1), to_date=dt.date(2026, 1, 1))
    # Of stock the range covers the file of s1 alone, which nobody corrected.
    assert gold(made) == MOVED | {"stock": FOLLOWED["stock"], "by_sku": FOLLOWED["by_sku"]}
    made.run("rest")
    assert gold(made) == MOVED


@pytest.mark.field(
    "13", "Text without header, stored as Parquet: its days are counted, its key is read", "right"
)
def test_text_without_header_has_days(moved: list[Any]) -> None:
    lake = moved[0]
    first, second = sorted(lake.ledger.accepted("days", "scans"), key=lambda f: f.order)
    assert (first.primary_date, first.event_dates) == ("2026-01-01", ("2026-01-01", "2026-01-02"))
    assert (second.primary_date, second.event_dates) == ("2026-01-02", ("2026-01-02",))
    assert lake.rows("silver.scans", "shop", "page") == [(7, "cart")]


@pytest.mark.field("17.6", "Text without header in which no day can be read", "refused")
def test_text_without_header_and_without_a_day_is_refused(moved: list[Any]) -> None:
    outcome = moved[0].drop("days/scans/shop=7/b.csv", b"home|01.02.2026\ncart|someday\n")
    assert (outcome.reason, outcome.detail) == (
        "no_readable_date",
        "none of 2 values of seen_on is spelled as declared (iso)",
    )


@pytest.fixture
def iso_only(monkeypatch: pytest.MonkeyPatch) -> Contract:
    """The contract before it knew German times; ingestion has it until the test ends."""
    visits = contract("days").table("visits")
    before = with_column(visits, replace(visits.column("seen_at"), declared=Declared()))
    old = with_tables(contract("days"), before)
    monkeypatch.setattr(ingest, "contract", lambda _: old)
    return old


@pytest.mark.field("h17", "Dates that could not be read are replayed, then their file is corrected", "right")
def test_rows_on_days_that_ingestion_could_not_read_leave_with_their_file(
    lake: Callable[..., Rig], iso_only: Contract
) -> None:
    made = lake("days", "unread")
    made.keep_versions()
    spelled = csv("visits", "home,1") + b"cart,13.02.2026 10:00\n"
    dropped(made, {"visits/a.csv": spelled})
    made.run("first", contract=iso_only)
    assert gold(made)["visits"] == {1: 1}
    made.run("replayed", replay=Replay())
    assert gold(made)["visits"] == {1: 1, 13: 1}
    made.run("february", from_date=dt.date(2026, 2, 13), to_date=dt.date(2026, 2, 13))
    assert made.results("february")["visits"].files == 1
    dropped(made, {"visits/a.csv": csv("visits", "home,1", "home,2")})
    made.run("corrected")
    assert gold(made)["visits"] == {1: 1, 2: 1}
