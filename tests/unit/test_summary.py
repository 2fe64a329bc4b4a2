"""What `./lake run` and `./lake status` say of a run and of a domain, from an emulated ledger and catalog."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import pyarrow as pa
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from cli import attention, shown_summary, summary
from cli.counted_files import CountedFiles, counted_files
from cli.runs import Outcome, Step
from local.athena import catalog_of
from local.ledger_table import create_ledger_table
from local.session import Session
from shared.contracts import contract
from shared.ledger.model import FileId, FileStatus, LedgerFile, RowCounts, RunResult
from shared.names import MAINTENANCE, STAGES, Names
from shared.quarantine import rows_table

NAMES = Names("dev", "123456789012", "us-east-1")
BEGAN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STEPS = (Step("BronzeToSilver", BEGAN, 3.0),)
LONG = 1e9  # seconds: what these tests commit is of the run


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)
        for zone in ("quarantine", "silver", "gold"):
            catalog_of(Session(NAMES, boto3.Session())).create_namespace(NAMES.database("shop", zone))
        yield Session(NAMES, boto3.Session())


def record(session: Session, read: int, quarantined: int, **reasons: int) -> None:
    counts = RowCounts(read, read - quarantined, quarantined)
    session.ledger.record_run(RunResult("shop", "r1", "users", counts, reasons, files=2))


def quarantine(session: Session, folder: Path, rows: list[dict[str, Any]]) -> None:
    texts = pa.list_(pa.string())
    names = ("source_file", "source_version", "run_id")
    columns = {"reasons": texts, "columns": texts, **dict.fromkeys(names, pa.string())}
    held = pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items())))
    name = (NAMES.database("shop", "quarantine"), "users_rows")
    catalog_of(session).create_table(name, held.schema, location=f"file://{folder}/users_rows").append(held)


def row(run: str, reason: str, *columns: str) -> dict[str, Any]:
    return {
        "reasons": [reason],
        "columns": columns,
        "source_file": "shop/users/a.csv",
        "source_version": "1",
        "run_id": run,
    }


def test_a_run_is_told_by_fate_reason_column_and_change(session: Session, tmp_path: Path) -> None:
    rows = [row("r1", "invalid_type", "age"), row("r1", "invalid_type", "age"), row("r1", "missing_key")]
    quarantine(session, tmp_path, [*rows, row("r0", "invalid_type", "age")])
    record(session, 10, 4, invalid_type=3, missing_key=1)
    gold = catalog_of(session).create_table(
        (NAMES.database("shop", "gold"), "daily_revenue"),
        pa.schema([("n", pa.int64())]),
        location=f"file://{tmp_path}/daily_revenue",
    )
    gold.append(pa.table({"n": [1, 2]}))
    told = summary.summary_of(session, "shop", Outcome("r1", "SUCCEEDED", LONG), STEPS)
    assert told.rows == {"users": RowCounts(10, 6, 4)}
    assert [(q.dataset, q.reasons, q.columns, q.rows) for q in told.quarantined] == [
        ("users", ("invalid_type",), ("age",), 2),
        ("users", ("missing_key",), (), 1),
    ]
    assert [(c.table, c.before, c.after, c.written) for c in told.gold] == [("daily_revenue", 0, 2, 2)]
    assert told.balanced
    assert told.document()["run_id"] == "r1"
    assert told.document()["alarming"] == {"users": 0.4}


def test_what_later_runs_committed_is_not_told_of_an_earlier_one(session: Session, tmp_path: Path) -> None:
    gold = catalog_of(session).create_table(
        (NAMES.database("shop", "gold"), "daily_revenue"),
        pa.schema([("n", pa.int64())]),
        location=f"file://{tmp_path}/daily_revenue",
    )
    gold.append(pa.table({"n": [1, 2]}))
    ended = dt.datetime.fromtimestamp(gold.history()[-1].timestamp_ms / 1000, dt.UTC)
    time.sleep(0.01)
    gold.append(pa.table({"n": [3, 4, 5]}))
    began = ended - dt.timedelta(seconds=1)
    told = summary.summary_of(session, "shop", Outcome("r1", "SUCCEEDED", 1.0), (Step("Silver", began, 1.0),))
    assert [(c.before, c.after, c.written) for c in told.gold] == [(0, 2, 2)]
    later = summary.summary_of(
        session, "shop", Outcome("r2", "SUCCEEDED", 60.0), (Step("Silver", ended, 1.0),)
    )
    assert [c.after for c in later.gold] == [5]


def test_the_cost_of_an_older_run_is_looked_for_on_later_pages() -> None:
    glue = boto3.client("glue", region_name=NAMES.region, aws_access_key_id="x", aws_secret_access_key="x")
    pages = [("r9", "next"), ("r1", "last"), ("r0", None)]
    with Stubber(glue) as stubber:
        for run, token in pages[:2]:  # the last page is of job runs before the run began
            job_run = {
                "StartedOn": BEGAN + dt.timedelta(days=-1 if token == "last" else 1),
                "Arguments": {"--run_id": run},
                "ExecutionTime": 3600,
                "NumberOfWorkers": 2,
            }
            stubber.add_response("get_job_runs", {"JobRuns": [job_run], "NextToken": token})
        for _ in (*STAGES[1:], MAINTENANCE):
            stubber.add_client_error("get_job_runs", "EntityNotFoundException")
        asked = SimpleNamespace(client=lambda _: glue, names=NAMES, endpoint=None)
        cost = summary.cost_of(cast("Session", asked), "shop", "r1", BEGAN)
        assert cost.dpu_hours == 2.0
        assert [(j.stage, j.dpu_hours, round(j.usd, 3)) for j in cost.jobs] == [("bronze-ingest", 2.0, 0.616)]
        stubber.assert_no_pending_responses()


def test_rows_that_an_earlier_run_found_are_told_by_the_files_that_were_read_again(
    session: Session, tmp_path: Path
) -> None:
    quarantine(session, tmp_path, [row("r0", "missing_key", "id"), row("r0", "missing_key", "id")])
    record(session, 10, 2, missing_key=2)
    session.ledger.commit(file(FileStatus.ACCEPTED, processed_by="r1", ingested_at="2026-01-01"))
    told = summary.summary_of(session, "shop", Outcome("r1", "SUCCEEDED", 3.0), STEPS)
    assert [(q.reasons, q.columns, q.rows) for q in told.quarantined] == [(("missing_key",), ("id",), 2)]


@pytest.mark.parametrize(("quarantined", "code"), [(2, 0), (3, 3), (10, 3)])
def test_above_a_fifth_in_quarantine_is_alarming_whatever_the_gate_says(
    quarantined: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    counts = RowCounts(10, 10 - quarantined, quarantined)
    told = told_of(counts, {"users": {"invalid_type": quarantined}})
    assert shown_summary.show(told, "shop", " --demo") == code
    said = capsys.readouterr().err
    assert f"10 read = {10 - quarantined} written + {quarantined} quarantined" in said
    assert ("--demo" in said and "from quarantine.users_rows where contains" in said) == (code == 3)


def test_records_without_a_fate_are_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown_summary.show(told_of(RowCounts(10, 9), {}), "shop", "") == 1
    assert "NOT balanced" in capsys.readouterr().err


def told_of(counts: RowCounts, reasons: dict[str, dict[str, int]]) -> summary.Summary:
    return summary.Summary(
        Outcome("r1", "SUCCEEDED", 3.0),
        STEPS,
        {"users": counts},
        {"users": 1},
        reasons,
        (),
        (),
        "pass",
        (),
        summary.Cost((), 0.1, 0.0308, measured=False),
    )


@pytest.mark.parametrize(
    ("job_run", "hours"),
    [
        ({"ExecutionTime": 1800, "NumberOfWorkers": 4}, 2.0),
        ({"ExecutionTime": 10, "NumberOfWorkers": 3}, 0.05),
        ({"ExecutionTime": 1800, "NumberOfWorkers": 4, "DPUSeconds": 3600.0}, 1.0),
    ],
)
def test_a_job_run_is_billed_by_the_second_a_minute_at_least(job_run: dict[str, Any], hours: float) -> None:
    assert summary.dpu_hours(job_run) == pytest.approx(hours)


def file(status: FileStatus, reason: str | None = None, **values: Any) -> LedgerFile:
    return LedgerFile("raw", "shop/users/a.csv", "1", "shop", "users", status, reason=reason, **values)


def counted(session: Session, *files: LedgerFile) -> CountedFiles:
    for number, known in enumerate(files):
        session.ledger.commit(replace(known, version=str(number)))
    return counted_files(session, "shop", session.ledger.places())


def test_what_needs_attention_comes_with_what_to_do(session: Session) -> None:
    record(session, 10, 4, invalid_type=3, missing_key=1)
    session.ledger.halt("shop", "r1", ["null rate"])
    files = counted(session, file(FileStatus.QUARANTINED, "not_text"), file(FileStatus.ACCEPTED))
    states = [("r2", "RUNNING"), ("r1", "SUCCEEDED")]
    items = attention.items_of(session, "shop", files, states, " --env dev")
    assert [(i.what.partition(":")[0], i.do) for i in items] == [
        (
            "users",
            './lake query --domain shop --env dev "select reasons, columns, raw_record, source_file from'
            " quarantine.users_rows where contains(reasons, 'invalid_type') limit 20\"",
        ),
        (
            "the quality gate is closed by run r1, gold stays as it is",
            "mend it and run again, or accept it: ./lake run shop --env dev --accept-gate",
        ),
        ("files in quarantine as a whole", "./lake status shop --env dev --reasons"),
        ("accepted files that wait for a run", "./lake run shop --env dev"),
    ]
    assert "4 of 10 records of the last run are in quarantine (40.0%), most for invalid_type" in items[0].what


def test_nothing_needs_attention_when_all_went_well(session: Session) -> None:
    record(session, 10, 0)
    done = file(FileStatus.ACCEPTED, processed_by="r1")
    assert attention.items_of(session, "shop", counted(session, done), [("r1", "SUCCEEDED")], "") == []


def test_silent_datasets_and_unknown_columns_need_attention() -> None:
    quiet = {"silence": {"hours": 40.0, "usual_at_most": 26.0, "silent": True}, "unknown_columns": []}
    named = {"name": "vat", "share": 0.5, "kinds": ["integer"], "since": "2026-01-01"}
    wide = {"silence": None, "unknown_columns": [named], "unknown_columns_left_out": 0}
    fine = {"silence": {"hours": 4.0, "usual_at_most": 26.0, "silent": False}, "unknown_columns": []}
    items = attention.of_datasets({"events": quiet, "users": wide, "orders": fine})
    assert [i.what for i in items] == [
        "events: no file for 40 hours, usual are 26 at most",
        "users: columns that its contract does not name: vat (50% of the rows, integer, since 2026-01-01)",
    ]


def test_files_are_told_by_reason_with_help() -> None:
    files = [
        file(FileStatus.QUARANTINED, "not_text", detail="old", ingested_at="2026-01-01"),
        file(FileStatus.QUARANTINED, "not_text", detail="new", ingested_at="2026-01-02"),
        file(FileStatus.QUARANTINED, "empty_file"),
        file(FileStatus.ACCEPTED),
    ]
    found = attention.file_reasons(files)
    assert [r[:4] for r in found] == [("users", "not_text", 2, "new"), ("users", "empty_file", 1, "")]
    assert found[1][4] == "The file holds no record. Ask the producer, or ignore it."


def test_a_file_in_flight_stands_under_the_dataset_of_its_key(session: Session) -> None:
    session.ledger.claim(FileId("raw", "shop/users/a.csv", "1"), "a worker")
    session.ledger.claim(FileId("raw", "a.csv", "1"), "a worker")
    assert counted(session).by_dataset == {"users": {"claimed": 1}}


def test_the_query_of_a_domain_whose_rejects_stand_together_names_its_one_table() -> None:
    assert rows_table("shop", "users") == "users_rows"
    gathered = next(c for c in map(contract, ("shop", "web", "retail")) if c.layout == "year_month_day")
    assert rows_table(gathered.domain, "visits", gathered.layout) == "data_quality"
