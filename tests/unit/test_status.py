"""What `./lake status` says of datasets: columns that no contract names, the last day, silence."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cli import attention, migration
from cli.counted_files import CountedFiles, counted_files
from cli.held import held_until
from cli.main import main
from cli.standing import status_of
from cli.verbs import status
from cli.verbs.status import print_attention, print_datasets
from local.ledger_table import create_ledger_table
from local.session import Session
from shared.contracts import contract
from shared.ledger.model import FileStatus, LedgerFile, RowCounts, RunResult
from shared.ledger.observed import Learnt
from shared.names import Names
from shared.unknown_columns import UnknownColumns, observed_column

NAMES = Names("dev", "123456789012", "us-east-1")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)
        yield Session(NAMES, boto3.Session())


def test_status_says_what_is_unknown_what_came_and_what_is_silent(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    came = dt.datetime.now(dt.UTC) - dt.timedelta(hours=72)
    identity = ("raw", "shop/events/a.csv", "v1", "shop", "events", FileStatus.ACCEPTED)
    session.ledger.commit(LedgerFile(*identity, ingested_at=came.isoformat(), processed_by="r1"))
    learnt = Learnt("r1", "2026-03-02", None, "2026-03-02", 100, 334, 3000, 36.0)
    session.ledger.note_learnt("shop", "events", learnt)
    named = observed_column("Event-ID", {"2026-03-01"}, 5, 10, 1)
    unknown = observed_column("ccy", {"2026-03-01"}, 5, 10, 0b100001)
    session.ledger.note_unknown_columns("shop", "events", UnknownColumns((named, unknown), 2))
    found = status_of(session, "shop", CountedFiles())["datasets"]
    assert set(found) == {"events"}
    [column] = found["events"]["unknown_columns"]
    assert {k: v for k, v in column.items() if k != "days"} == {
        "name": "ccy",
        "share": 0.5,
        "kinds": ["integer", "text"],
        "since": "2026-03-01",
        "last": "2026-03-01",
    }
    assert found["events"]["unknown_columns_left_out"] == 2
    assert found["events"]["volume"] == {
        "day": "2026-03-02",
        "rows": 100,
        "usual_from": 334,
        "usual_to": 3000,
    }
    assert found["events"]["silence"] == {"hours": 72.0, "usual_at_most": 36.0, "silent": True}
    print_datasets("shop", found)
    print_attention("shop", list(attention.of_datasets(found)))
    shown = capsys.readouterr().out
    for words in ("ccy", "50%", "integer, text", "and 2 more", "334 to 3000", "72 hours", "36 at most"):
        assert shown.count(words) == 1


def test_status_says_of_a_closed_gate_once_and_that_much_is_in_quarantine_in_red(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dataset, quarantined in (("events", 20), ("users", 21)):
        counts = RowCounts(100, 100 - quarantined, quarantined)
        session.ledger.record_run(RunResult("shop", "r1", dataset, counts, {"missing_key": quarantined}))
    session.ledger.halt("shop", "r1", ["null rate"])
    said: list[tuple[str, bool]] = []
    monkeypatch.setattr(status, "show", lambda text, loudly=False: said.append((text, loudly)))
    items = attention.items_of(session, "shop", CountedFiles(), [("r1", "SUCCEEDED")], " --demo")
    print_attention("shop", items)
    assert [(text.strip().partition(":")[0], red) for text, red in said[1:4]] == [
        ("users", True),
        ("events", False),
        ("the quality gate is closed by run r1, gold stays as it is", False),
    ]


def test_a_closed_gate_has_no_table_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    status.print_status(
        "shop", {"files": {}, "datasets": {}, "runs": [], "lock": None, "gate_closed_by": "r1"}
    )
    assert "--accept-gate" not in capsys.readouterr().out


def test_a_lake_that_is_older_than_the_disk_is_deployed_under_its_own_name(
    session: Session, tmp_path: Path
) -> None:
    items = attention.items_of(replace(session, state=tmp_path), "shop", CountedFiles(), [], " --demo")
    assert [i.do for i in items] == ["the next drop, run or replay deploys them, or ./lake up --demo"]


def test_files_that_wait_because_the_day_has_had_its_runs_are_said_to_wait_until_when(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture's `test` has two runs a day: one may begin in the morning."""
    names, states = replace(NAMES, env="test"), boto3.client("stepfunctions")
    role = "arn:aws:iam::123456789012:role/any"
    machine = states.create_state_machine(name=names.state_machine("shop"), definition="{}", roleArn=role)
    of_test = replace(session, names=names)
    morning = dt.datetime.now(dt.UTC).replace(hour=8, minute=0, second=0, microsecond=0)
    assert held_until(of_test, "shop", morning) is None
    states.start_execution(stateMachineArn=machine["stateMachineArn"], name="20260301T0700Z-watch")
    assert held_until(of_test, "shop", morning) == morning.replace(hour=12)
    assert held_until(of_test, "shop", morning.replace(hour=12)) is None
    assert held_until(session, "shop", morning) is None  # nothing is scheduled there
    monkeypatch.setattr(attention, "held_until", lambda *_: morning.replace(hour=12))
    create_ledger_table(boto3.resource("dynamodb"), names.ledger_table)
    identity = ("raw", "shop/events/a.csv", "v1", "shop", "events", FileStatus.ACCEPTED)
    of_test.ledger.commit(LedgerFile(*identity, ingested_at=morning.isoformat()))
    files = counted_files(of_test, "shop", of_test.ledger.places())
    waits, held = attention.items_of(of_test, "shop", files, [], " --env test")
    assert waits.what == "accepted files that wait for a run: 1"
    assert "(runs_a_day): the next begins at 12:00 UTC at the earliest" in held.what
    assert held.do == "./lake run shop --env test where it must be sooner"


def test_rows_in_quarantine_come_with_what_to_do() -> None:
    said = attention.row_help(contract("shop"), ["missing_key", "missing_timestamp"])
    assert said == "A column of the primary key is empty. The column that gives the event date is empty."


def test_a_migration_that_nothing_filled_is_told_until_its_run_succeeded(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [{"table": "silver.users"}, {"table": "gold.daily_revenue"}]
    session.ledger.record_migration("shop", "m1", time.time(), steps)

    def told(status: str | None) -> list[tuple[str, str, bool]]:
        monkeypatch.setattr(migration.runs, "status_of", lambda *a: status)
        found = attention.items_of(session, "shop", CountedFiles(), [], " --env dev")
        return [(item.what, item.do, item.red) for item in found]

    command = "./lake migrate shop --env dev"
    changed = "a migration changed gold.daily_revenue, silver.users, and its run"
    assert told("FAILED") == [(f"{changed} m1 failed: they may lack rows", command, True)]
    assert told(None) == [(f"{changed} never began: they may lack rows", command, True)]
    assert told("RUNNING") == told("SUCCEEDED") == []


def test_a_lake_is_told_on_one_screen_a_domain_in_full_and_machines_the_same(
    session: Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(status, "target_of", lambda *a, **k: session)
    for domain, key in (("shop", "shop/users/a.csv"), ("gone", "gone/users/a.csv")):
        file = LedgerFile("raw", key, "1", domain, "users", FileStatus.QUARANTINED, reason="not_text")
        session.ledger.commit(file)
    report = tmp_path / "status.json"
    assert main(["status", "--env", "dev", "--json", str(report)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == [
        "dev on AWS: 2 things need attention, the worst first",
        "  lake  1 file outside any domain of the project: gone/users/a.csv",
        "        → ./lake status --env dev --reasons lists them",
        "  shop  files in quarantine as a whole: 1 (1 not_text)",
        "        → ./lake status shop --env dev --reasons",
        "",
        "domain  accepted  waiting  quarantined  last run",
        "retail         0        0            0  none",
        "shop           0        0            1  none",
        "web            0        0            0  none",
    ]
    found = json.loads(report.read_text())
    assert [(each["domain"], each["do"]) for each in found["attention"]] == [
        ("", "./lake status --env dev --reasons lists them"),
        ("shop", "./lake status shop --env dev --reasons"),
    ]
    assert found["domains"].keys() == {"retail", "shop", "web"}
    assert found["domains"]["shop"]["files"] == {"users": {"pending": 0, "quarantined": 1}}
    assert found["domains"]["shop"]["attention"] == [found["attention"][1]]
    assert found["outside"] == [{"key": "gone/users/a.csv", "status": "quarantined", "reason": "not_text"}]
    assert main(["status", "shop", "--env", "dev"]) == 0
    assert "shop: files" in capsys.readouterr().out
