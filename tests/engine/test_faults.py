"""A job whose process ends at any of its effects, before or after it, and is run again, leaves what an
undisturbed one leaves: each record once, in silver, gold, quarantine, ledger and metrics.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pyspark.errors import IllegalArgumentException

from glue_scripts import bronze_ingest, bronze_to_silver, maintenance, silver_to_gold
from tests.engine.test_mistakes import lines
from tests.support.faults import ProcessEndedError
from tests.support.figures import Noted
from tests.support.job_faults import Effects
from tests.support.rig import Rig
from tests.support.skew import skewed

PROMISE = "Faults: nothing lost, doubled or stuck"
ENVIRONMENTS = itertools.count()
OF_A_BATCH = (6, 1, 1, 4)  # as `counted`
PARTS = 6
KEPT_DAYS = 7


@dataclass
class Shop:
    """One lake for all faults: before each a batch of files comes in, of which the test knows what must become.

    `events`: by id, country and how often it was sent; `bad`: raw records in quarantine.
    """

    lake: Rig
    effects: Effects
    numbers: Iterator[int] = field(default_factory=itertools.count)
    events: dict[str, str] = field(default_factory=dict)
    bad: list[str] = field(default_factory=list)

    def batch(self) -> int:
        """Two new events, a newer version of an old one, one twice, and a bad one; a large file, which waits
        for the bronze job. Returns its number.
        """
        n = next(self.numbers)
        day = f"2026-01-{n % 27 + 1:02}T00:00:00Z"
        fresh = [{"event_id": f"e{n}-{i}", "user_id": "u1", "ts": day, "country": "FR"} for i in range(2)]
        newer = {
            "event_id": "old",
            "user_id": "u1",
            "ts": f"2026-02-01T00:{n // 60:02}:{n % 60:02}Z",
            "country": f"C{n}",
        }
        self.lake.drop(
            f"shop/events/{n}.ndjson", lines(*fresh, newer, fresh[0], {"ts": day, "country": f"bad {n}"})
        )
        self.lake.drop_deferred(
            f"shop/events/large-{n}.ndjson", lines({"event_id": f"l{n}", "user_id": "u1", "ts": day})
        )
        self.events |= {f"e{n}-0": "FR", f"e{n}-1": "FR", "old": f"C{n}", f"l{n}": ""}
        self.bad.append(f"bad {n}")
        return n

    def run(self, run_id: str, **options: Any) -> None:
        """Bronze, silver and gold, as the state machine would run them."""
        job = self.lake.job(run_id, **options)
        clients = self.effects.watch(self.lake.clients(job))
        bronze_ingest.main(self.lake.spark, job, clients)
        bronze_to_silver.main(self.lake.spark, job, clients)
        silver_to_gold.main(self.lake.spark, job, silver_to_gold.transforms_of("shop"), clients)

    def struck(self, at: int, *, before: bool, again_as: str, **options: Any) -> str | None:
        """Runs with a fault, and once more; the effect that it struck, None where there are not so many."""
        n = self.batch()
        self.effects.arm(at, before=before)
        try:
            self.run(f"run-{n}", **options)
        except ProcessEndedError as ended:
            self.effects.lift()
            self.run(again_as.format(n), **options)
            return str(ended)
        finally:
            self.effects.lift()
        return None

    def left(self) -> dict[str, Any]:
        """All that a run leaves, of any number of batches."""
        lake = self.lake
        files = lake.ledger.files("shop")
        waiting = Counter(str(f.status) for f in files if f.processed_by is None)
        branches = lake.rows("silver.events.refs", "name")
        return {
            "events": {e: c or "" for e, c in lake.rows("silver.events", "event_id", "country")},
            "rows": len(lake.rows("silver.events", "event_id")),
            "facts": len(lake.rows("gold.fact_events", "event_id")),
            "of a user": lake.rows("gold.user_ltv", "user_id", "event_count"),
            "bad": sorted(re.findall(r"bad \d+", str(lake.rows("quarantine.events_rows", "raw_record")))),
            "files": (len(files), dict(waiting), len(lake.ledger.deferred("shop"))),
            "changes": lake.rows("silver.run_changes", "run_id"),
            "branches": branches,
        }

    def expected(self) -> dict[str, Any]:
        number = len(self.events)
        return {
            "events": self.events,
            "rows": number,
            "facts": number,
            "of a user": [("u1", number)],
            "bad": sorted(self.bad),
            "files": (2 * len(self.bad), {}, 0),
            "changes": [],
            "branches": [("main",)],
        }


@pytest.fixture
def shop(rig: Callable[[str], Rig], monkeypatch: pytest.MonkeyPatch) -> Shop:
    effects = Effects()
    effects.install(monkeypatch)
    made = Shop(rig(f"faults{next(ENVIRONMENTS)}"), effects)
    made.batch()
    made.run("first")
    return made


def counted(shop: Shop, run_id: str) -> tuple[int, ...]:
    """What the ledger tells of the events of a run: read, quarantined, deduplicated, and in silver."""
    rows = shop.lake.results(run_id)["events"].rows
    return rows.read, rows.quarantined, rows.deduplicated, rows.written + rows.replaced


def metrics(shop: Shop, run_id: str) -> list[str]:
    """The number of records in the files of metrics of a run of events."""
    keys = [k for k in shop.lake.objects("metrics", "shop/events/") if k.endswith(f"/{run_id}.csv")]
    bucket = shop.lake.names.bucket("metrics")
    files = [shop.lake.s3.get_object(Bucket=bucket, Key=k)["Body"].read().decode() for k in keys]
    return [line for file in files for line in file.splitlines() if line.startswith("total_rows,")]


def check(shop: Shop, struck: str | None, *, whole: bool = False) -> None:
    found, expected = shop.left(), shop.expected()
    assert {k: v for k, v in found.items() if v != expected[k]} == {}, struck
    if not whole:  # the run that came to the end, or the one before it, where that had loaded all
        last = next(r for r in reversed(shop.lake.ledger.runs("shop")) if r.dataset == "events" and r.files)
        assert (counted(shop, last.run_id), metrics(shop, last.run_id)) == (OF_A_BATCH, ["total_rows,6"]), (
            struck
        )


def effects_of_a_run(shop: Shop, **options: Any) -> list[str]:
    """The effects of an undisturbed run."""
    shop.effects.lift()
    shop.batch()
    shop.run("undisturbed", **options)
    check(shop, None, whole=bool(options))
    return list(shop.effects.names)


def test_a_job_that_ends_at_an_effect_is_made_good_by_the_next_run(shop: Shop):
    assert shop.left() == shop.expected()
    effects = effects_of_a_run(shop)
    quarantined, in_gold = effects.index("append") + 1, len(effects) - 4
    for at, before, again_as in ((quarantined, False, "again-{}"), (in_gold, True, "run-{}")):
        struck = shop.struck(at, before=before, again_as=again_as)
        assert struck is not None
        check(shop, struck)


def maintained(shop: Shop) -> None:
    job = shop.lake.job("maintenance")
    maintenance.main(shop.lake.spark, job, shop.lake.clients(job), KEPT_DAYS, dt.datetime.now(dt.UTC))


WRONG_CLOCKS = [
    dt.timedelta(days=-400),
    dt.timedelta(hours=-2),
    dt.timedelta(hours=2),
    dt.timedelta(days=400),
]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", WRONG_CLOCKS, ids=str)
def test_a_driver_with_a_wrong_clock_loses_and_doubles_nothing(
    shop: Shop, wrong: dt.timedelta, figures: Noted
):
    """Its run, its maintenance, and the run after it, by a driver whose clock is right."""
    with skewed(wrong):
        shop.batch()
        shop.run("wrong")
        check(shop, f"a clock wrong by {wrong}")
        if wrong > dt.timedelta(days=maintenance.ORPHAN_DAYS - 1):  # Iceberg keeps what may be in work
            with pytest.raises(IllegalArgumentException, match="less than 24 hours"):
                maintained(shop)
        else:
            maintained(shop)
        shop.batch()
        shop.effects.arm(20, before=True)
        with pytest.raises(ProcessEndedError):
            shop.run("wrong and ended")
        shop.effects.lift()
    shop.run("right")
    check(shop, f"a clock that was wrong by {wrong}")
    shop.batch()
    shop.run("full", full_refresh=True)
    check(shop, f"all again after a clock that was wrong by {wrong}", whole=True)
    figures.add(PROMISE, "runs by a driver whose clock is wrong, by hours or a year", 2)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{}, {"full_refresh": True}], ids=["merge", "fill"])
@pytest.mark.parametrize("part", range(PARTS))
def test_a_job_that_ends_at_any_effect_is_made_good_by_the_next_run(
    shop: Shop, options: dict[str, Any], part: int, figures: Noted
):
    """A part of the effects each: before and after them, and the same run once more or another, by turns."""
    struck = []
    for at in range(1 + part, len(effects_of_a_run(shop, **options)) + 1, PARTS):
        turn = at // PARTS + part
        again_as = "run-{}" if turn % 4 < 2 else "again-{}"
        found = shop.struck(at, before=turn % 2 == 0, again_as=again_as, **options)
        assert found is not None
        check(shop, found, whole=bool(options))
        struck.append(found)
    figures.add(PROMISE, "a job ends at any effect of bronze, silver and gold", len(struck))
