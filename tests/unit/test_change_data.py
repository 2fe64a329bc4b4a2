"""What decides between versions of a row, in contracts and in files; that it does is seen on the engine
(tests/field).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from glue_scripts.engine.read.bronze_files import files_in_order
from glue_scripts.engine.silver.file_sets import newest_set
from glue_scripts.engine.silver.work import pending_work
from shared.contracts import Contract, Operation, contract
from shared.contracts.odcs import parsed
from shared.contracts.paths import parsed_path
from shared.contracts.problems import problems
from shared.ingestion.reading import with_operation
from shared.ledger.model import FileStatus, LedgerFile
from shared.records import Accepted, Limits, Rejected, judge
from shared.records.envelope import opened
from shared.records.reading import rows
from shared.records.shape import Row, shape_of
from shared.records.source import Source
from tests.support.ingest_rig import NAMES, Rig, rig

TABLE = """
apiVersion: v3.1.0
kind: DataContract
id: bank
name: bank
version: 1.0.0
status: active
domain: bank
description: {purpose: Accounts of a bank.}
customProperties:
  - {property: nullSpellings, value: [""]}
  - {property: defaultTimezone, value: UTC}
  - {property: timestampFormats, value: [iso, epoch_ms]}
schema:
  - name: bronze_accounts
    physicalName: accounts
    description: Changes of accounts.
    customProperties:
      - {property: layer, value: bronze}
      - {property: formats, value: [FORMATS]}
  - name: silver_accounts
    physicalName: accounts
    description: Accounts.
    customProperties:
      - {property: layer, value: silver}
      - {property: kind, value: KIND}
      - {property: source, value: accounts}
      - {property: order, value: [changed]}
      - {property: eventDate, value: changed}
      - MORE
    properties:
      - {name: id, physicalType: int, description: x, primaryKey: true, primaryKeyPosition: 1}
      - name: op
        physicalType: string
        description: x
      - name: changed
        physicalType: timestamp
        description: x
        customProperties: [{property: aliases, value: [source.ts_ms]}]
      - {name: event_date, physicalType: date, description: x}
"""


def document(more: str, kind: str = "keyed", formats: str = "json") -> dict[str, Any]:
    text = TABLE.replace("MORE", more).replace("KIND", kind).replace("FORMATS", formats)
    return dict(yaml.safe_load(text))


def bank(more: str, **given: str) -> Contract:
    return parsed(document(more, **given), "bank.odcs.yaml")


def operation(**values: object) -> str:
    return f"{{property: operation, value: {values}}}"


DEBEZIUM = operation(column="op", envelope="debezium")


def test_an_envelope_brings_its_words_and_the_contract_may_have_others() -> None:
    found = bank(DEBEZIUM).silver[0]
    assert found.operation == Operation("op", ("c", "r", "u"), ("d",), "debezium")
    assert found.buries
    assert bank(operation(column="op", envelope="dms"), formats="csv").silver[0].operation == Operation(
        "op", ("I", "U"), ("D",), "dms"
    )
    plain = operation(column="op", upsert=["new"], delete=["gone", "erased"])
    log = bank(plain, kind="log").silver[0]
    assert log.operation == Operation("op", ("new",), ("gone", "erased"))
    assert not log.buries


@pytest.mark.parametrize(
    ("more", "kind", "formats", "said"),
    [
        (
            operation(column="what", upsert=["I"], delete=["D"]),
            "keyed",
            "csv",
            "what is not a column of type",
        ),
        (
            operation(column="id", upsert=["I"], delete=["D"]),
            "keyed",
            "csv",
            "id is not a column of type string",
        ),
        (operation(column="op", upsert=["I"]), "keyed", "csv", "expected the values of upsert and of delete"),
        (
            operation(column="op", upsert=["I", "D"], delete=["D"]),
            "keyed",
            "csv",
            "D cannot be upsert and delete",
        ),
        (operation(column="op", insert=["I"]), "keyed", "csv", "unknown key 'insert'"),
        (operation(column="op", envelope="kafka"), "keyed", "csv", "'kafka' is not one of debezium, dms"),
        (DEBEZIUM, "keyed", "csv", "Debezium's envelope is JSON"),
        ("{property: corrections, value: undo}", "keyed", "csv", "'undo' is not one of merge, replace"),
        ("{property: snapshot, value: daily}", "keyed", "csv", "'daily' is not one of full"),
        ("{property: snapshot, value: full}", "log", "csv", "kind log cannot be the newest file alone"),
    ],
)
def test_lint_refuses_what_cannot_be_followed(more: str, kind: str, formats: str, said: str) -> None:
    found = [str(p) for p in problems(document(more, kind, formats), "bank.odcs.yaml")]
    assert any(said in p for p in found), found
    assert all(p.startswith("bank.odcs.yaml") for p in found)


def test_a_snapshot_is_no_change_data() -> None:
    wrong = document("{property: snapshot, value: full}")
    wrong["schema"][1]["customProperties"].append(yaml.safe_load(DEBEZIUM))
    assert any("operation and corrections have no place" in str(p) for p in problems(wrong, "b"))


KNOWN = {"id", "name", "op", "source.lsn"}


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (
            {
                "before": None,
                "after": {"id": 1, "note": "x"},
                "op": "c",
                "ts_ms": 5,
                "source": {"lsn": 7, "db": "d"},
            },
            {"id": 1, "note": "x", "op": "c", "source.lsn": 7},
        ),
        ({"before": {"id": 1}, "after": None, "op": "d"}, {"id": 1, "op": "d"}),
        ({"before": {"id": 1}, "op": "d"}, {"id": 1, "op": "d"}),
        ({"schema": {}, "payload": {"after": {"id": 1}, "op": "r"}}, {"id": 1, "op": "r"}),
        ({"after": {"id": 1, "op": "mine"}, "op": "u"}, {"id": 1, "op": "u"}),
        ({"op": "t"}, {"op": "t"}),
        ({"id": 1}, {"id": 1}),
        (
            {"op": "c", "id": 1, "source": "web", "colour": "red"},
            {"op": "c", "id": 1, "source": "web", "colour": "red"},
        ),
        ({"id": 1, "payload": {"size": 3}}, {"id": 1, "payload": {"size": 3}}),
        ({"after": "no object", "op": "u", "source": 3}, {"op": "u"}),
    ],
)
def test_an_envelope_is_opened_into_its_row(record: dict[str, Any], row: dict[str, Any]) -> None:
    assert opened(record, KNOWN)[1] == row


LINES = (
    b'{"before":null,"after":{"id":1.50,"tags":["a"]},"op":"c","source":{"ts_ms":1767268800000}}\n'
    b" null \n"
    b'{"before":{"id":2},"after":null,"op":"d","source":{"ts_ms":1767268800000}}\n'
    b"not json\n"
)


@pytest.mark.parametrize("content", [LINES, b"[" + b",".join(LINES.splitlines()[:3]) + b"]"])
def test_ingestion_and_reader_count_and_see_the_same_rows(content: bytes) -> None:
    dataset = bank(DEBEZIUM).datasets[0]
    dataset = replace(dataset, max_unreadable_rate=0.5, formats=("json", "ndjson"))
    verdict = judge(Source(io.BytesIO(content), Limits()), dataset, Limits())
    assert isinstance(verdict, Accepted)
    assert verdict.profile.columns == ("changed", "id", "op", "tags")
    assert [str(d) for d in verdict.event_dates] == ["2026-01-01"]
    found = list(rows(io.BytesIO(content), verdict.profile, shape_of(dataset), nested=True))
    assert len(found) == verdict.records
    assert all(row.record for row in found[:2])
    assert [replace(row, record=None) for row in found[:2]] == [
        Row({"id": "1.50", "op": "c", "changed": "1767268800000"}, {"tags": '["a"]'}),
        Row({"id": "2", "op": "d", "changed": "1767268800000"}),
    ]


def test_a_path_into_the_envelope_leads_past_a_field_of_the_row_with_its_name() -> None:
    dataset = bank(DEBEZIUM).datasets[0]
    path = ("changed", parsed_path("source.ts_ms"))
    shape = replace(shape_of(dataset), aliases={"id": "id", "op": "op"}, paths=(path,))
    change = {"after": {"id": 1, "source": {"shop": "web"}}, "op": "c", "source": {"ts_ms": 7, "lsn": 8}}
    assert list(shape.rows(change)) == [
        Row({"id": "1", "op": "c", "changed": "7"}, {"source": '{"shop":"web"}'})
    ]


def test_a_file_must_say_what_its_records_are_unless_dms_sent_it() -> None:
    (plain,) = bank(operation(column="op", upsert=["I"], delete=["D"]), formats="csv").datasets
    (dms,) = bank(operation(column="op", envelope="dms"), formats="csv").datasets

    def outcome(content: bytes, dataset: Any) -> Any:
        verdict = with_operation(judge(Source(io.BytesIO(content), Limits()), dataset, Limits()), dataset)
        return verdict.reason if isinstance(verdict, Rejected) else verdict.records

    without, with_op = b"id,changed\n1,2026-01-01\n", b"id,OP,changed\n1,I,2026-01-01\n"
    assert [outcome(without, plain), outcome(with_op, plain)] == ["operation_missing", 1]
    assert [outcome(without, dms), outcome(with_op, dms)] == [1, 1]


def file(key: str, written: str, version: str = "v1", **more: Any) -> LedgerFile:
    return LedgerFile("raw", key, version, "d", "t", FileStatus.ACCEPTED, written_at=written, **more)


def test_the_newest_day_is_a_set_of_files_and_any_other_file_one_of_its_own() -> None:
    first = file("d/t/2026-01-02/a.csv", "2026-01-03T01:00")
    again = replace(first, version="v2", written_at="2026-01-05T01:00")
    part = file("d/t/20260102/b.csv", "2026-01-03T02:00")
    older = file("d/t/dt=2026-01-01/a.csv", "2026-01-09T00:00")
    assert newest_set([again, older, part, first]) == ([part, again], [older])
    full = [file(f"d/t/full-{n}.csv", f"2026-01-0{n}T00:00") for n in (1, 2)]
    assert newest_set(full) == ([full[1]], [full[0]])
    assert newest_set([]) == ([], [])


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def test_a_later_copy_makes_a_run_read_its_content_with_the_copys_order(lake: Rig) -> None:
    """A, B and A again: A stands, in whatever order they are ingested, and when all is read again."""
    one, other = (
        b'{"event_id":"e1","ts":"2024-03-01T10:00:00Z","country":"%s"}\n' % c for c in (b"vn", b"fr")
    )
    bodies = [lake.drop(f"shop/events/{n}.json", c) for n, c in enumerate((one, other, one))]
    dataset = contract("shop").dataset("events")

    def read(**options: Any) -> list[str]:
        run: Any = SimpleNamespace(
            domain="shop", names=NAMES, **({"full_refresh": False, "by_date": False} | options)
        )
        work = pending_work(run, lake.ledger, dataset)
        files = files_in_order(work.files, dataset, work.orders)
        lake.ledger.mark_processed([*work.files, *work.copies], "run")
        return [f.entry.key.removeprefix("shop/events/") for f in files]

    lake.deliver(bodies[0])
    lake.deliver(bodies[1])
    assert read() == ["0.json", "1.json"]
    assert lake.deliver(bodies[2])[0].status == "duplicate"  # type: ignore[union-attr]
    assert read() == ["0.json"]
    assert read() == []
    assert read(full_refresh=True) == ["1.json", "0.json"]
