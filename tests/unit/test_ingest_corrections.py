"""Where rows stand and fall with their file's newest version: the same content under two keys counts once, whoever is corrected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from glue_scripts.engine.work import work
from shared.contracts import contract
from tests.unit.ingest_rig import InjectedError, Rig, rig

D29, D30, COPY = "logs/ndjson/d29.ndjson", "logs/ndjson/d30.ndjson", "logs/ndjson/copy.ndjson"


def lines(day: int, number: int) -> bytes:
    line = '{"timestamp":"2024-11-%dT10:00:%02dZ","ip":"10.0.0.1","request_type":"GET","status":200,"endpoint":"/"}\n'
    return "".join(line % (day, n) for n in range(number)).encode()


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def read(lake: Rig, **options: Any) -> dict[str, int]:
    """Raw key and number of records of the files that a run takes to silver."""
    run: Any = SimpleNamespace(domain="logs", **({"full_refresh": False, "by_date": False} | options))
    found = work(run, lake.ledger, contract("logs").dataset("ndjson"))
    return {f.key: f.records for f in found.files}


def test_content_that_its_first_key_lost_by_a_correction_comes_with_the_next(lake: Rig):
    lake.arrive(D29, lines(30, 20))
    lake.arrive(D29, lines(29, 10))
    assert lake.arrive(D30, lines(30, 20)).status == "accepted"
    assert lake.arrive(COPY, lines(30, 20)).duplicate_of == f"{D30}@{lake.ledger.versions_of(*place(lake, D30))[-1].version}"
    assert read(lake) == read(lake, full_refresh=True) == {D29: 10, D30: 20}


def test_a_correction_to_the_content_of_another_key_takes_its_place(lake: Rig):
    lake.arrive(D29, lines(29, 50))
    lake.arrive(COPY, lines(29, 59))
    lake.ledger.mark_processed(lake.ledger.pending("logs", "ndjson"), "run-1")
    assert lake.arrive(D29, lines(29, 59)).status == "accepted"
    assert read(lake) == read(lake, full_refresh=True) == {D29: 59}
    lake.arrive(D29, lines(29, 59))
    assert read(lake) == {D29: 59}
    lake.ledger.mark_processed(lake.ledger.pending("logs", "ndjson"), "run-2")
    lake.arrive(D29, lines(29, 7))
    assert read(lake) == read(lake, full_refresh=True) == {D29: 7, COPY: 59}


@pytest.mark.parametrize("at", range(1, 12))
def test_a_door_that_dies_while_a_correction_takes_a_content_repeats_it(lake: Rig, at: int):
    lake.arrive(D29, lines(29, 50))
    lake.arrive(COPY, lines(29, 59))
    body = lake.drop(D29, lines(29, 59))
    lake.faults.arm(at, "after", False)
    with suppress(InjectedError):
        lake.deliver(body)
    lake.faults.at = 0
    lake.deliver(body)
    assert read(lake) == {D29: 59}


def test_the_same_file_again_keeps_its_content(lake: Rig):
    for _ in range(2):
        assert lake.arrive(D29, lines(29, 5)).status == "accepted"
    assert lake.arrive(COPY, lines(29, 5)).status == "duplicate"
    assert read(lake) == {D29: 5}


def place(lake: Rig, key: str) -> tuple[str, str]:
    return next(f.bucket for f in lake.ledger.files()), key
