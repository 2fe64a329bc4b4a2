"""Where rows stand and fall with their file's newest version: the same content under two keys counts once,
whoever is corrected.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from glue_scripts.engine.silver.reopen import reopen_copies
from glue_scripts.engine.silver.work import pending_work
from shared.contracts import contract
from tests.support.ingest_rig import NAMES, InjectedError, Rig, rig

D29, D30, COPY = "web/ndjson/d29.ndjson", "web/ndjson/d30.ndjson", "web/ndjson/copy.ndjson"


def lines(day: int, number: int) -> bytes:
    line = '{"timestamp":"2024-11-%dT10:00:%02dZ","ip":"10.0.0.1","request_type":"GET","status":200,"endpoint":"/"}\n'
    return "".join(line % (day, n) for n in range(number)).encode()


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def read(lake: Rig, **options: Any) -> dict[str, int]:
    """Raw key and number of records of the files that a run takes to silver."""
    run: Any = SimpleNamespace(
        domain="web", run_id="run", names=NAMES, **({"full_refresh": False, "by_date": False} | options)
    )
    dataset, clients = contract("web").dataset("ndjson"), SimpleNamespace(s3=lake.s3, ledger=lake.ledger)
    found = pending_work(run, lake.ledger, dataset)
    if reopen_copies(run, clients, dataset, found):
        found = pending_work(run, lake.ledger, dataset)
    return {f.key: f.records for f in found.files}


def processed(lake: Rig, run_id: str) -> None:
    lake.ledger.mark_processed(lake.ledger.pending("web", "ndjson"), run_id)


def test_content_that_its_first_key_lost_by_a_correction_comes_with_the_next(lake: Rig):
    lake.arrive(D29, lines(30, 20))
    lake.arrive(D29, lines(29, 10))
    assert lake.arrive(D30, lines(30, 20)).status == "accepted"
    assert (
        lake.arrive(COPY, lines(30, 20)).duplicate_of
        == f"{D30}@{lake.ledger.versions_of(*place(lake, D30))[-1].version}"
    )
    assert read(lake) == read(lake, full_refresh=True) == {D29: 10, D30: 20}


def test_a_correction_to_the_content_of_another_key_takes_its_place(lake: Rig):
    lake.arrive(D29, lines(29, 50))
    lake.arrive(COPY, lines(29, 59))
    lake.ledger.mark_processed(lake.ledger.pending("web", "ndjson"), "run-1")
    assert lake.arrive(D29, lines(29, 59)).status == "accepted"
    assert read(lake) == read(lake, full_refresh=True) == {D29: 59}
    lake.arrive(D29, lines(29, 59))
    assert read(lake) == {D29: 59}
    lake.ledger.mark_processed(lake.ledger.pending("web", "ndjson"), "run-2")
    lake.arrive(D29, lines(29, 7))
    assert read(lake) == read(lake, full_refresh=True) == {D29: 7, COPY: 59}


@pytest.mark.parametrize("at", range(1, 12))
def test_an_ingestion_that_dies_while_a_correction_takes_a_content_repeats_it(lake: Rig, at: int):
    lake.arrive(D29, lines(29, 50))
    lake.arrive(COPY, lines(29, 59))
    body = lake.drop(D29, lines(29, 59))
    lake.faults.arm(at, "after", False)
    with suppress(InjectedError):
        lake.deliver(body)
    lake.faults.at = 0
    lake.deliver(body)
    assert read(lake) == {D29: 59}


@pytest.mark.parametrize("full_refresh", [False, True])
@pytest.mark.parametrize("apart", [False, True], ids=["in one run", "in runs of their own"])
def test_a_copy_comes_in_when_the_file_that_it_repeated_is_corrected(
    lake: Rig, full_refresh: bool, apart: bool
):
    first = lake.arrive(D29, lines(30, 20))
    assert [lake.arrive(key, lines(30, 20)).status for key in (COPY, D30)] == ["duplicate", "duplicate"]
    assert read(lake) == {D29: 20}
    if apart:
        processed(lake, "run-1")
    lake.arrive(D29, lines(29, 10))
    assert (
        read(lake, full_refresh=full_refresh)
        == read(lake)
        == read(lake, full_refresh=True)
        == {D29: 10, COPY: 20}
    )
    (copy,) = lake.ledger.versions_of(*place(lake, COPY))
    assert (copy.event_dates, copy.duplicate_of) == (first.event_dates, first.place)
    assert lake.objects("bronze")[copy.target_key or ""] == lines(30, 20)
    processed(lake, "run-2")
    assert lake.arrive("web/ndjson/more.ndjson", lines(30, 20)).duplicate_of == copy.place
    lake.arrive(COPY, lines(28, 5))
    assert read(lake) == {COPY: 5, D30: 20}


def test_a_copy_whose_content_was_deleted_stays_a_duplicate_and_stops_no_run(
    lake: Rig, capsys: pytest.CaptureFixture[str]
):
    first = lake.arrive(D29, lines(30, 20))
    lake.arrive(COPY, lines(30, 20))
    lake.arrive(D29, lines(29, 10))
    lake.s3.delete_object(Bucket=NAMES.bucket("bronze"), Key=first.target_key)
    assert read(lake) == {D29: 10}
    assert (
        f"{COPY} is needed, but nothing stands at {first.target_key}; drop the file again"
        in capsys.readouterr().out
    )
    assert lake.arrive(COPY, lines(30, 20)).status == "accepted"
    assert read(lake) == {D29: 10, COPY: 20}


def test_a_copy_that_was_corrected_itself_does_not_come_back(lake: Rig):
    lake.arrive(D29, lines(30, 20))
    lake.arrive(D30, lines(29, 7))
    lake.arrive(COPY, lines(30, 20))
    assert lake.arrive(COPY, lines(29, 7)).status == "duplicate"
    lake.arrive(D29, lines(29, 10))
    assert read(lake) == read(lake, full_refresh=True) == {D29: 10, D30: 7}


def test_a_content_that_went_from_key_to_key_is_read_once_and_never_lost(lake: Rig):
    other, last = "web/ndjson/other.ndjson", "web/ndjson/last.ndjson"
    lake.arrive(D29, lines(30, 20))
    lake.arrive(COPY, lines(29, 3))
    lake.arrive(COPY, lines(30, 20))
    lake.arrive(COPY, lines(29, 4))
    assert lake.arrive(last, lines(30, 20)).status == "accepted"
    assert read(lake) == read(lake, full_refresh=True) == {COPY: 4, last: 20}
    processed(lake, "run-1")
    lake.arrive(D29, lines(28, 6))
    assert read(lake) == {D29: 6, last: 20, COPY: 4}
    processed(lake, "run-2")
    lake.arrive(last, lines(28, 2))
    assert lake.arrive(other, lines(30, 20)).status == "accepted"
    assert read(lake, full_refresh=True) == {D29: 6, COPY: 4, last: 2, other: 20}


def test_an_older_version_whose_event_comes_late_brings_no_row_back(lake: Rig):
    old, new = lake.drop(D29, lines(29, 10)), lake.drop(D29, lines(30, 20))
    lake.deliver(new)
    processed(lake, "run-1")
    lake.deliver(old)
    assert read(lake) == read(lake, full_refresh=True) == {D29: 20}


def test_the_same_file_again_keeps_its_content(lake: Rig):
    for _ in range(2):
        assert lake.arrive(D29, lines(29, 5)).status == "accepted"
    assert lake.arrive(COPY, lines(29, 5)).status == "duplicate"
    assert read(lake) == {D29: 5}


def place(lake: Rig, key: str) -> tuple[str, str]:
    return next(f.bucket for f in lake.ledger.files()), key
