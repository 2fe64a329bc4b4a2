"""Loads of what changed: after any sequence of commits and loads the warehouse has gold's rows.

Gold is played by files of rows, PostgreSQL stands in for Redshift. What is expected is what gold's newest
snapshot has, kept beside all that is under test.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.aws.redshift import Warehouse
from shared.contracts.model import Column, Contract, Table
from shared.warehouse import Snapshot, bases, batches, change, manifest, plan
from tests.support.warehouse import started

SALES = Table(
    name="sales",
    zone="gold",
    kind="fact",
    description="Sales.",
    columns=(
        Column("day", "date", "The day.", required=True),
        Column("shop", "string", "Where.", required=True, max_length=9),
        Column("amount", "bigint", "How much."),
    ),
    primary_key=("day", "shop"),
    partitioned_by=("day",),
)
NOTE = Column("note", "string", "Words.", max_length=40)
DAYS = [dt.date(2026, 5, d) for d in range(1, 25)]
SHOPS = ["a", "b", "c"]
Row = tuple[Any, ...]


@dataclass
class Gold:
    """A copy-on-write table: each commit writes the files of the days that it touches anew."""

    contents: dict[str, bytes] = field(default_factory=dict)  # the store
    commits: list[tuple[Snapshot, dict[dt.date, tuple[str, list[Row]]]]] = field(default_factory=list)
    columns: tuple[Column, ...] = SALES.columns
    forgotten: int = 0  # so many commits were expired

    @property
    def table(self) -> Table:
        return replace(SALES, columns=self.columns)

    @property
    def days(self) -> dict[dt.date, tuple[str, list[Row]]]:
        return self.commits[-1][1] if self.commits else {}

    @property
    def rows(self) -> list[Row]:
        return sorted((row for _, rows in self.days.values() for row in rows), key=repr)

    def commit(self, days: dict[dt.date, tuple[str, list[Row]]]) -> None:
        files = {f"s3://gold/{name}": len(self.contents[f"gold/{name}"]) for name, _ in days.values()}
        names = tuple(c.name for c in self.columns)
        found = Snapshot(
            len(self.commits) + 1, files, names, sum(len(r) for _, r in days.values()), len(names)
        )
        self.commits.append((found, days))

    def write(self, day: dt.date, rows: list[Row]) -> tuple[str, list[Row]]:
        kinds = {"date": pa.date32(), "string": pa.string(), "bigint": pa.int64()}
        types = [(c.name, kinds[c.type]) for c in self.columns]
        content, name = io.BytesIO(), f"{len(self.contents)}.parquet"
        table = pa.table(
            [pa.array(v, t) for v, (_, t) in zip(zip(*rows, strict=True), types, strict=True)],
            names=[n for n, _ in types],
        )
        pq.write_table(table, content)
        self.contents[f"gold/{name}"] = content.getvalue()
        return name, rows


@dataclass
class Lake:
    """Gold, what its job leaves, and the warehouse."""

    warehouse: Warehouse
    random: random.Random
    gold: Gold = field(default_factory=Gold)
    last: dict[str, Any] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    @property
    def contract(self) -> Contract:
        return Contract("play", "1.0.0", "A shop.", (), (), (self.gold.table,), ("",))

    def row(self, day: dt.date, shop: str) -> Row:
        words = ("x" * self.random.randint(0, 40),) if len(self.gold.columns) > 3 else ()
        return (day, shop, self.random.choice([None, 0, 7, 2**40]), *words)

    # --- what happens to gold

    def filled(self) -> None:
        self._rewritten(lambda day, _: [self.row(day, s) for s in SHOPS], days=len(DAYS))

    def new_rows(self) -> None:
        self._rewritten(lambda day, _: [self.row(day, s) for s in self.random.sample(SHOPS, 2)], days=2)

    def corrected(self) -> None:
        self._rewritten(lambda day, rows: [self.row(day, r[1]) for r in rows])

    def compacted(self) -> None:
        self._rewritten(lambda _, rows: rows, days=3)

    def deleted(self) -> None:
        days = dict(self.gold.days)
        if days:
            del days[self.random.choice(sorted(days))]
            self.gold.commit(days)

    def rolled_back(self) -> None:
        same = [c for c in self.gold.commits[self.gold.forgotten :] if c[0].schema == len(self.gold.columns)]
        if same:
            chosen = self.random.choice(same)
            self.gold.commits.append(chosen)

    def column_added(self) -> None:
        """As the job does it: all files are written anew."""
        if len(self.gold.columns) == 3:
            self.gold.columns = (*SALES.columns, NOTE)
            self._rewritten(lambda _, rows: [self.row(r[0], r[1]) for r in rows], days=len(DAYS))

    def expired(self) -> None:
        self.gold.forgotten = max(0, len(self.gold.commits) - 1)

    def _rewritten(self, rule: Callable[[dt.date, list[Row]], list[Row]], days: int = 1) -> None:
        after = dict(self.gold.days)
        for day in self.random.sample(DAYS, days):
            if rows := rule(day, after[day][1] if day in after else []):
                after[day] = self.gold.write(day, rows)
        self.gold.commit(after)

    # --- what happens to loads

    def planned(self) -> None:
        """What gold's job leaves (glue_scripts/engine/gold/warehouse.py), without Spark."""
        if not self.gold.commits:
            return
        now, known = self.gold.commits[-1][0], self.gold.commits[self.gold.forgotten :]
        earlier = {s.id: s for s, _ in known}
        since = [earlier[b] for b in bases(self.last, now.id) if b in earlier]
        changes = []
        for found in filter(None, (change(e, now) for e in since)):
            urls = [f"s3://gold/{found.base}-{now.id}-{w}" for w in ("removed", "added")]
            for url, files in zip(urls, (found.removed, found.added), strict=True):
                self.gold.contents[url.removeprefix("s3://")] = manifest(files).encode()
            changes.append((found, *urls))
        self.gold.contents[f"gold/{now.id}"] = manifest(now.files).encode()
        table = self.gold.table
        made = batches(self.contract, table, now, f"s3://gold/{now.id}", f"run-{now.id}", changes)
        self.documents = json.loads(made.document())
        [self.last] = plan(self.contract, [(table, now.id, {"bases": [s.id for s in since]})])["tables"]
        self.opening = plan(self.contract, [])["opening"]

    def lost(self) -> None:
        self.last = {}

    def loaded(self) -> None:
        """As the state machine does it."""
        if not self.gold.commits:
            return
        self.planned()
        answers = self.ran(self.opening).answers[len(self.opening)]
        held = {row[i]["StringValue"] for row in answers for i in (0, 1)}
        if self.last["loaded"] not in held:
            known = [c for c in self.documents["changes"] if c["from"] in held]
            how = "reload" if self.last["shape"] in held else "rebuild"
            self.done.append("change" if known else how)
            for batch in known or self.documents[how]:
                ran = self.ran(batch["sqls"])
                assert ran.status == "FINISHED", (self.done[-1], ran.error)
        assert self.stored == self.gold.rows

    def load_failed(self) -> None:
        self.planned()  # and nothing came of it

    def ran(self, sqls: list[str]) -> Any:
        return self.warehouse.statement(self.warehouse.run(sqls))

    @property
    def stored(self) -> list[Row]:
        with self.warehouse.connection() as connection:
            cursor = connection.cursor()
            cursor.execute('SELECT * FROM "play"."sales"')
            return sorted((tuple(row) for row in cursor.fetchall()), key=repr)


EVENTS = (
    [Lake.new_rows] * 4
    + [Lake.corrected] * 4
    + [Lake.deleted, Lake.compacted, Lake.rolled_back, Lake.rolled_back, Lake.column_added]
    + [Lake.expired, Lake.lost]
    + [Lake.load_failed] * 3
    + [Lake.loaded] * 6
)


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    with started() as made:
        yield made


@pytest.fixture
def make(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Lake]:
    """A lake of a seed, and a warehouse that is empty."""

    def made(seed: int) -> Lake:
        lake = Lake(warehouse, random.Random(seed))

        class Objects:
            def get_object(self, *, Bucket: str, Key: str) -> dict[str, io.BytesIO]:  # noqa: N803
                return {"Body": io.BytesIO(lake.gold.contents[f"{Bucket}/{Key}"])}

        monkeypatch.setattr(boto3, "client", lambda service: Objects())
        lake.ran(['DROP SCHEMA IF EXISTS "play" CASCADE'])
        return lake

    return made


def test_after_any_sequence_the_warehouse_has_gold_s_rows(make: Callable[[int], Lake]) -> None:
    done = []
    for seed in range(15):
        lake = make(seed)
        lake.filled()
        for event in lake.random.choices(EVENTS, k=40):
            event(lake)
        lake.loaded()
        done += lake.done
    # The sequences try each kind of load, and changes most.
    assert done.count("change") > done.count("reload") > 5
    assert done.count("rebuild") >= 15


def test_missed_loads_are_made_up_for_by_what_changed(make: Callable[[int], Lake]) -> None:
    lake = make(1)
    for event in (Lake.filled, Lake.loaded, *[Lake.corrected, Lake.load_failed] * 2, Lake.loaded):
        event(lake)
    assert lake.done == ["rebuild", "change"]
    for event in (*[Lake.corrected, Lake.load_failed] * 3, Lake.corrected, Lake.loaded):
        event(lake)
    assert lake.done == ["rebuild", "change", "reload"]


def test_a_comparison_of_keys_that_takes_too_many_rows_ends_with_the_table_as_it_was(
    make: Callable[[int], Lake],
) -> None:
    """Redshift compares texts without the blanks at their end; here the day is left out instead."""
    lake = make(2)
    for event in (Lake.filled, Lake.loaded, Lake.corrected, Lake.planned):
        event(lake)
    before = lake.stored
    [found] = lake.documents["changes"]
    wider = [s.replace('"sales"."day" = "old_sales"."day" AND ', "") for s in found["sqls"]]
    assert wider != found["sqls"]
    assert "division by zero" in lake.ran(wider).error
    assert lake.stored == before


def test_a_change_that_is_loaded_again_changes_nothing(make: Callable[[int], Lake]) -> None:
    lake = make(3)
    for event in (Lake.filled, Lake.loaded, Lake.corrected, Lake.planned):
        event(lake)
    [found] = lake.documents["changes"]
    assert lake.ran(found["sqls"]).status == "FINISHED"
    assert "division by zero" in lake.ran(found["sqls"]).error
    assert lake.stored == lake.gold.rows
