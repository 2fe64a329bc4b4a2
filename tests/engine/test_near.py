"""Which files a run opens to find the rows of its keys, and that it finds them all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError

from glue_scripts.engine.tables.near import HELD_AGAINST_BOUNDS, may_have
from shared.contracts import contract
from tests.support.rig import Rig

EVENTS = contract("shop").table("events")


def events(*keys: str, amount: int = 0) -> bytes:
    day = "2026-01-01T00:00:00Z"
    records = [{"event_id": k, "ts": day, "user_id": "u1", "price": amount} for k in keys]
    return b"".join(json.dumps(r).encode() + b"\n" for r in records)


def keys(name: str, number: int) -> list[str]:
    return [f"{name}{i:06d}" for i in range(number)]


@pytest.fixture(scope="module")
def lake(rig: Callable[..., Rig]) -> Rig:
    """Three files of data, each with keys of its own; the second has many."""
    lake = rig("near", "shop")
    for run, names in enumerate((keys("a", 3), keys("b", 2 * HELD_AGAINST_BOUNDS), keys("c", 3))):
        lake.drop(f"shop/events/{run}.ndjson", events(*names))
        lake.silver(f"run-{run}")
    return lake


@pytest.fixture
def without_the_first(lake: Rig) -> Iterator[None]:
    """Whoever opens the file of the first keys fails."""
    [path] = {
        r["path"]
        for r in lake.table("silver.events").selectExpr("event_id", "_file AS path").collect()
        if r["event_id"].startswith("a")
    }
    bucket, _, key = path.removeprefix("s3://").partition("/")
    content = lake.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    lake.s3.delete_object(Bucket=bucket, Key=key)
    yield
    lake.s3.put_object(Bucket=bucket, Key=key, Body=content)


@pytest.mark.usefixtures("without_the_first")
@pytest.mark.parametrize(
    ("searched", "found"),
    [
        (["c000001", "zzz"], {"c000001"}),
        ([*keys("b", HELD_AGAINST_BOUNDS + 1)], {*keys("b", HELD_AGAINST_BOUNDS + 1)}),
        ([], set()),
    ],
    ids=["few", "many", "none"],
)
def test_only_files_that_can_hold_a_key_are_opened(
    lake: Rig, spark: Any, searched: list[str], found: set[str]
) -> None:
    rows = spark.createDataFrame([(k,) for k in searched], "event_id string")
    stored = lake.table("silver.events").select("event_id")
    near = {r["event_id"] for r in stored.where(may_have(rows, EVENTS)).collect()}
    assert near & {*searched} == found
    with pytest.raises(Py4JJavaError, match="NotFoundException"):
        stored.collect()


def test_a_run_finds_every_row_of_its_keys_whatever_their_letters(rig: Callable[..., Rig]) -> None:
    # In UTF-16 the second is before the first, in UTF-8 behind it; bounds of texts are cut at 16 characters.
    odd = ["\uffff1", "\U0001f6001", "\U0001f6002", "é" * 40 + "1", "é" * 40 + "2", "", " ", "Z", "a" * 17]
    lake = rig("oddkeys", "shop")
    lake.drop("shop/events/old.ndjson", events(*odd, *keys("k", 300), amount=1))
    lake.silver("old")
    for number, key in enumerate(odd):  # each alone in its run: a list of one, held against the bounds
        lake.drop(f"shop/events/{number}.ndjson", events(key, amount=number + 2))
        lake.silver(f"run-{number}")
    lake.drop("shop/events/all.ndjson", events(*odd, *keys("k", 300), amount=50))
    lake.silver("all")
    held = lake.rows("silver.events", "event_id", "price")
    expected = {*(k.strip() for k in odd if k.strip()), *keys("k", 300)}
    assert sorted(k for k, _ in held) == sorted(expected)
    assert {float(price) for _, price in held} == {50.0}
