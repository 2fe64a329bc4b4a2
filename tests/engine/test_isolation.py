"""One file never stops the others: what the job cannot read or compute is set aside, with its reason, and the
rest of the run loads.

The files here are damaged in bronze, after ingestion judged them: as a disk, a foreign program or a difference
between ingestion's reader and Spark's would.
"""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glue_scripts.engine.quarantine.record_counts import RecordsLostError
from glue_scripts.engine.silver import batch, isolation
from shared.ledger.model import FileStatus
from shared.reasons import FileReason
from tests.engine.test_mistakes import lines
from tests.support.rig import Rig

T = "2026-01-01T00:00:00Z"


def csv(*ids: str) -> bytes:
    return "".join(["event_id,ts\n", *(f"{i},{T}\n" for i in ids)]).encode()


def parquet(*ids: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"event_id": list(ids), "ts": [T] * len(ids)}), file)
    return file.getvalue()


def array(*ids: str) -> bytes:
    return ("[" + ",\n".join(f'{{"event_id": "{i}", "ts": "{T}"}}' for i in ids) + "]").encode()


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def changed(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[: middle - 40] + bytes(80) + content[middle + 40 :]


DAMAGES: dict[str, tuple[bytes, Callable[[bytes], bytes | None]]] = {
    "fewer.ndjson": (lines(*({"event_id": f"n{i}", "ts": T} for i in range(3))), lambda c: c.split(b"\n")[0]),
    "cut.csv.gz": (gzip.compress(csv(*(f"c{i}" for i in range(3000)))), cut),
    "changed.parquet": (parquet(*(f"p{i}" for i in range(3000))), changed),
    "cut.parquet": (parquet("q1", "q2"), cut),
    "cut.json": (array("a1", "a2", "a3"), cut),
    "gone.csv": (csv("g1"), lambda c: None),
}
GOOD = {
    "good.csv": csv("good-csv"),
    "good.parquet": parquet("good-parquet"),
    "good.ndjson": lines({"event_id": "good-ndjson", "ts": T}, {"ts": T}),
    "good.json": array("good-json"),
}
NAMES = re.compile(r"([a-z]+)-[0-9a-f]{12}[^/]*$")  # quarantine adds twelve hex digits of the version
LOADED = ["good-csv", "good-json", "good-ndjson", "good-parquet"]


def events(lake: Rig) -> list[str]:
    return [r[0] for r in lake.rows("silver.events", "event_id")]


def damage(lake: Rig) -> None:
    """Files as ingestion accepts them, then other bytes in bronze."""
    for name, content in GOOD.items():
        lake.drop(f"shop/events/{name}", content)
    for name, (content, damaged) in DAMAGES.items():
        entry = lake.drop(f"shop/events/{name}", content)
        assert entry is not None, name
        assert entry.status is FileStatus.ACCEPTED, name
        place = {"Bucket": entry.target_bucket or "", "Key": entry.target_key or ""}
        if (other := damaged(content)) is None:
            lake.s3.delete_object(**place)
        else:
            lake.s3.put_object(**place, Body=other)


@pytest.fixture(scope="module", params=["filled", "merged"])
def lake(request: pytest.FixtureRequest, rig: Callable[[str], Rig]) -> Rig:
    """The damaged files beside good ones: at the first load of a table, and into one that has rows."""
    made = rig(f"isolation-{request.param}")
    if request.param == "merged":
        made.drop("shop/events/before.csv", csv("before"))
        made.silver("before")
    damage(made)
    made.silver("run-1")
    return made


def test_the_others_are_loaded(lake: Rig) -> None:
    assert [e for e in events(lake) if e != "before"] == LOADED


def test_each_file_that_cannot_be_loaded_has_its_reason(lake: Rig) -> None:
    aside = {f.key.rpartition("/")[2]: f for f in lake.ledger.quarantined("shop", "events")}
    assert {n: f.reason for n, f in aside.items()} == {
        n: FileReason.OBJECT_GONE if n == "gone.csv" else FileReason.NOT_LOADABLE for n in DAMAGES
    }
    assert aside["fewer.ndjson"].detail == "ingestion counted 3 records, the job reads 1"
    assert all("the job" in (f.detail or "") or n == "gone.csv" for n, f in aside.items())


def test_they_leave_bronze_for_quarantine(lake: Rig) -> None:
    in_bronze = {k.rpartition("/")[2] for k in lake.objects("bronze", "shop/events/")}
    assert sorted(n for n in in_bronze if not n.startswith("before")) == sorted(
        n for n in in_bronze if n.startswith("good")
    )
    assert len([n for n in in_bronze if n.startswith("good")]) == len(GOOD)
    kept = [k for k in lake.objects("quarantine", "shop/events/files/") if not k.endswith(".reason.json")]
    assert sorted(m[1] for k in kept if (m := NAMES.search(k))) == ["changed", "cut", "cut", "cut", "fewer"]


def test_every_record_is_accounted_for(lake: Rig) -> None:
    accepted = [f for f in lake.ledger.files("shop") if f.status is FileStatus.ACCEPTED]
    assert all(f.processed_by for f in accepted)
    rows = [r.rows for r in lake.ledger.runs("shop") if r.dataset == "events"]
    assert sum(r.read for r in rows) == sum(f.records or 0 for f in accepted)
    assert all(r.balanced for r in rows)
    assert len(lake.rows("quarantine.events_rows", "reasons")) == 1


def test_a_mended_file_comes_in(lake: Rig) -> None:
    lake.drop("shop/events/cut.csv.gz", gzip.compress(csv("c1", "c2", "mended")))
    lake.silver("run-2")
    assert [e for e in events(lake) if e != "before"] == ["c1", "c2", *LOADED, "mended"]


def test_where_everything_fails_no_file_is_the_cause(
    rig: Callable[[str], Rig], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = rig("isolation-all")
    for i in range(3):
        made.drop(f"shop/events/{i}.csv", csv(f"e{i}"))
    monkeypatch.setattr(isolation, "MANY", 2)
    read = batch.records
    with monkeypatch.context() as broken:
        broken.setattr(batch, "records", lambda *a: read(*a).where("false"))
        with pytest.raises(RecordsLostError):
            made.silver("run-1")
    assert made.ledger.quarantined("shop", "events") == []
    made.silver("run-2")
    assert events(made) == ["e0", "e1", "e2"]
