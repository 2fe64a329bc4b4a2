"""The synthesized state machine, run in the emulation with stand-ins for the jobs: locks, gate, skipping,
failures.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cli import runs
from cli.redrive import redrive
from local import athena, deploy
from local.aws import process
from local.session import Session
from local.session import laptop_session as laptop
from shared.names import MAINTENANCE, STAGES
from shared.zones import failure_key
from tests.stack.conftest import Assembly
from tests.support.stand_in import put_script

# The emulation is a process of its own on purpose: it outlives the Popen that started it.
DOMAIN = "shop"
JOBS = (*STAGES, MAINTENANCE)
# Does what the item `plan` says, and leaves its arguments behind.
JOB = """
import os, sys, time, boto3
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
table = boto3.resource("dynamodb").Table(f"{given['--prefix']}-{given['--env']}-ledger")
plan = table.get_item(Key={"pk": "plan", "sk": given["--run_id"]}, ConsistentRead=True).get("Item", {})
stage = given["--JOB_NAME"].removeprefix("lakehouse-dev-shop-")
ran = {"pk": "ran", "sk": f"{given['--run_id']}#{stage}", "given": given, "began": str(time.time())}
table.put_item(Item=ran)
time.sleep(float(plan.get("seconds", 0)))
table.put_item(Item={**ran, "ended": str(time.time())})
if plan.get("fails"):
    raise RuntimeError("the stand-in was told to fail")
if stage == "bronze-ingest":
    table.delete_item(Key={"pk": "file#raw/big", "sk": "v#1"})
    sys.exit()
summary = {"gate": plan.get("gate", "pass"), "changed": plan.get("changed", True), "findings": plan.get("findings", "")}
table.put_item(Item={"pk": "run#shop", "sk": given["--run_id"], **summary})
"""


@dataclass(frozen=True)
class Run:
    """A run that ended, the states it went through, and the arguments of the jobs it ran."""

    status: str
    states: list[str]
    jobs: dict[str, dict[str, str]]
    output: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""


@dataclass(frozen=True)
class Lab:
    """The deployed emulation."""

    session: Session

    @property
    def table(self) -> Any:
        return self.session.boto.resource("dynamodb", endpoint_url=self.session.endpoint).Table(
            self.session.names.ledger_table
        )

    @property
    def lock(self) -> str | None:
        item = self.table.get_item(Key={"pk": f"lock#{DOMAIN}", "sk": "lock"}, ConsistentRead=True).get(
            "Item"
        )
        return str(item["run_id"]) if item else None

    def ran(self, name: str, stage: str) -> dict[str, Any]:
        """What the stand-in of a stage left behind in a run: its arguments and its times; empty where none ran."""
        key = {"pk": "ran", "sk": f"{name}#{stage}"}
        return dict(self.table.get_item(Key=key, ConsistentRead=True).get("Item", {}))

    def start(self, name: str, request: dict[str, Any] | None = None, **plan: Any) -> str:
        self.table.put_item(Item={"pk": "plan", "sk": name, **plan})
        machine = self.session.names.machine_arn(DOMAIN)
        self.session.client("stepfunctions").start_execution(
            stateMachineArn=machine, name=name, input=json.dumps(request or {})
        )
        return name

    def end(self, name: str) -> Run:
        states: list[str] = []
        runs.follow(self.session, DOMAIN, name, states.append)
        found = self.described(name)
        while found["status"] == "SUCCEEDED" and not found.get(
            "output"
        ):  # the emulation sets the status first
            found = self.described(name)
        jobs = {s: i["given"] for s in JOBS if (i := self.ran(name, s))}
        output = json.loads(found.get("output") or "{}")
        return Run(found["status"], states, jobs, output, found.get("error", ""), found.get("cause", ""))

    def described(self, name: str) -> dict[str, Any]:
        arn = self.session.names.execution_arn(DOMAIN, name)
        return dict(self.session.client("stepfunctions").describe_execution(executionArn=arn))

    def run(self, name: str, request: dict[str, Any] | None = None, **plan: Any) -> Run:
        return self.end(self.start(name, request, **plan))


@pytest.fixture(scope="module")
def lab(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    state = tmp_path_factory.mktemp("aws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_WAIT_SCALE", "0.01")  # thirty seconds pass in a third of one
        emulation = process.start(state)
    try:
        session = laptop(emulation)
        deploy.deploy_assembly(session, assembly.folder / "assembly-dev", state / "recorded.json")
        put_script(session, DOMAIN, JOBS, JOB)
        yield Lab(session)
    finally:
        process.stop(state)


def test_a_run_with_news_goes_from_silver_to_gold_and_gives_the_lock_back(lab: Lab) -> None:
    run = lab.run("news")
    assert (run.status, run.output) == (
        "SUCCEEDED",
        {"run_id": "news", "gate": "pass", "changed": True, "findings": ""},
    )
    assert list(run.jobs) == ["bronze-to-silver", "silver-to-gold"]
    assert lab.lock is None


def test_files_that_were_deferred_are_finished_first_and_only_then_is_that_job_paid_for(lab: Lab) -> None:
    waiting = {"dataset_id": f"deferred#{DOMAIN}", "state": "2026-01-01T00:00:00.000000+00:00#big#1"}
    lab.table.put_item(
        Item={"pk": "file#raw/other", "sk": "v#1", **waiting, "dataset_id": "deferred#another"}
    )
    assert "bronze-ingest" not in lab.run("none-handed-over").jobs
    lab.table.put_item(Item={"pk": "file#raw/big", "sk": "v#1", **waiting})
    run = lab.run("handed-over", {"full_refresh": True})
    assert (run.status, list(run.jobs)) == (
        "SUCCEEDED",
        ["bronze-ingest", "bronze-to-silver", "silver-to-gold"],
    )
    assert run.jobs["bronze-ingest"]["--run_id"] == "handed-over"
    assert run.states.index("BronzeIngest") < run.states.index("BronzeToSilver")
    assert lab.lock is None


def test_what_was_not_asked_for_reaches_the_jobs_as_none_and_false(lab: Lab) -> None:
    given = lab.run("defaults").jobs["bronze-to-silver"]
    assert {
        k: given[k] for k in ("--run_id", "--from_date", "--to_date", "--full_refresh", "--accept_gate")
    } == {
        "--run_id": "defaults",
        "--from_date": "none",
        "--to_date": "none",
        "--full_refresh": "false",
        "--accept_gate": "false",
    }


def test_what_was_asked_for_reaches_both_jobs_as_text(lab: Lab) -> None:
    request = {
        "from_date": "2026-01-01",
        "to_date": "2026-01-31",
        "full_refresh": True,
        "accept_gate": "True",
    }
    for given in lab.run("asked", request).jobs.values():
        assert {k: given[f"--{k}"] for k in request} == {
            "from_date": "2026-01-01",
            "to_date": "2026-01-31",
            "full_refresh": "true",
            "accept_gate": "true",
        }


def test_without_news_gold_is_left_alone(lab: Lab) -> None:
    run = lab.run("no-news", changed=False)
    assert (run.status, list(run.jobs)) == ("SUCCEEDED", ["bronze-to-silver"])


def test_a_full_refresh_reaches_gold_even_without_news(lab: Lab) -> None:
    assert list(lab.run("refresh", {"full_refresh": "true"}, changed=False).jobs) == [
        "bronze-to-silver",
        "silver-to-gold",
    ]


def test_a_halting_gate_stops_before_gold_with_its_findings_and_gives_the_lock_back(lab: Lab) -> None:
    run = lab.run("halted", gate="halt", findings="events: null_rate_ts 0.4 is above 0.1")
    assert (run.status, run.error, run.cause) == (
        "FAILED",
        "QualityGate.Halted",
        "events: null_rate_ts 0.4 is above 0.1",
    )
    assert (list(run.jobs), lab.lock) == (["bronze-to-silver"], None)


def test_a_warning_gate_goes_on_and_tells_somebody(lab: Lab) -> None:
    run = lab.run("warned", gate="warn", findings="late")
    assert (run.status, list(run.jobs)) == ("SUCCEEDED", ["bronze-to-silver", "silver-to-gold"])
    assert "PublishFindings" in run.states


def test_a_failed_job_fails_the_run_and_the_next_run_takes_its_lock_over(lab: Lab) -> None:
    broken = lab.run("broken", fails=True)
    assert (broken.status, broken.error) == ("FAILED", "States.TaskFailed")
    assert "the stand-in was told to fail" in broken.cause
    assert lab.lock == "broken"
    following = lab.run("following")
    assert following.status == "SUCCEEDED"
    assert "TakeOverLock" in following.states
    assert lab.lock is None


def test_a_run_that_failed_is_begun_anew_with_its_input_where_no_redrive_is(lab: Lab) -> None:
    broken = lab.run("given-up", {"full_refresh": True}, fails=True)
    assert broken.status == "FAILED"
    assert runs.failures(lab.session, DOMAIN)[0] == ("given-up", "FAILED")
    anew = redrive(lab.session, DOMAIN, "given-up", "")
    assert (anew.instead_of, anew.why) == ("given-up", "the emulation on this laptop cannot redrive")
    run = lab.end(anew.run_id)
    assert (run.status, "TakeOverLock" in run.states) == ("SUCCEEDED", True)
    assert run.jobs["bronze-to-silver"]["--full_refresh"] == "true"
    assert runs.failures(lab.session, DOMAIN) == []


def test_the_lock_of_a_run_that_nobody_remembers_is_taken_over(lab: Lab) -> None:
    lab.table.put_item(Item={"pk": f"lock#{DOMAIN}", "sk": "lock", "run_id": "of-another-age"})
    run = lab.run("heir")
    assert (run.status, "TakeOverLock" in run.states, lab.lock) == ("SUCCEEDED", True, None)


def test_a_second_run_waits_until_the_first_has_ended(lab: Lab) -> None:
    lab.start("first", seconds=1)
    deadline = time.monotonic() + 20
    while lab.lock != "first" and time.monotonic() < deadline:
        time.sleep(0.02)
    second = lab.run("second")
    first = lab.described("first")
    assert "WaitForOwner" in second.states
    assert lab.ran("first", "silver-to-gold")["ended"] < lab.ran("second", "bronze-to-silver")["began"]
    assert (first["status"], second.status, lab.lock) == ("SUCCEEDED", "SUCCEEDED", None)


def test_a_misspelt_input_is_refused_before_anything_runs(lab: Lab) -> None:
    run = lab.run("misspelt", {"full_refesh": True})
    assert (run.status, run.error, run.jobs) == ("FAILED", "Input.Unknown", {})
    assert (
        run.cause
        == "Allowed are from_date, to_date, full_refresh, accept_gate, replay and maintenance; found full_refesh"
    )


@pytest.mark.parametrize(
    ("replay", "told"),
    [(True, "true"), ({"reason": "invalid_value"}, '{"reason":"invalid_value"}'), (None, "none")],
)
def test_a_replay_reaches_the_silver_job_as_it_was_asked_for(lab: Lab, replay: Any, told: str) -> None:
    run = lab.run(f"replay-{type(replay).__name__}", {} if replay is None else {"replay": replay})
    assert run.status == "SUCCEEDED"
    assert run.jobs["bronze-to-silver"]["--replay"].replace(" ", "") == told


# --- maintenance, and the function that looks after the pipelines -------------------------------------------


def test_maintenance_touches_no_data_and_takes_the_same_lock(lab: Lab) -> None:
    run = lab.run("upkeep", {"maintenance": True})
    assert (run.status, list(run.jobs), lab.lock) == ("SUCCEEDED", ["maintenance"], None)
    assert "AcquireLock" in run.states
    assert run.jobs["maintenance"]["--snapshot_days"] == "7"


def eventually(lab: Lab, key: str) -> dict[str, Any]:
    """The object, as JSON, once it is there."""
    s3, deadline = lab.session.client("s3"), time.monotonic() + 30
    while True:
        try:
            return dict(
                json.loads(
                    s3.get_object(Bucket=lab.session.names.bucket("quarantine"), Key=key)["Body"].read()
                )
            )
        except s3.exceptions.NoSuchKey:
            assert time.monotonic() < deadline, key
            time.sleep(0.1)


def test_a_failed_run_leaves_its_reason_in_quarantine(lab: Lab) -> None:
    lab.run("bad", fails=True)
    kept = eventually(lab, failure_key(DOMAIN, "bad"))
    assert (kept["name"], kept["status"], kept["error"]) == ("bad", "FAILED", "States.TaskFailed")
    assert "the stand-in was told to fail" in kept["cause"]


def invoked(lab: Lab, event: dict[str, Any]) -> list[str]:
    """Ids of the machine's executions that the watch function started for an event."""
    machine = {"stateMachineArn": lab.session.names.machine_arn(DOMAIN)}
    before = {e["name"] for e in lab.session.client("stepfunctions").list_executions(**machine)["executions"]}
    answer = lab.session.client("lambda").invoke(
        FunctionName=lab.session.names.function("watch"), Payload=json.dumps(event)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    after = {e["name"] for e in lab.session.client("stepfunctions").list_executions(**machine)["executions"]}
    return sorted(after - before)


def test_the_watch_starts_one_run_for_all_files_that_wait_long_enough(lab: Lab) -> None:
    lab.run("earlier")
    assert invoked(lab, {"do": "check"}) == []
    for n in range(3):
        file = {
            "pk": f"file#raw/f{n}",
            "sk": "v#1",
            "status": "accepted",
            "domain": DOMAIN,
            "dataset": "events",
        }
        arrived = "2026-01-01T00:00:00+00:00"
        lab.table.put_item(
            Item={
                **file,
                "ingested_at": arrived,
                "dataset_id": f"{DOMAIN}/events",
                "state": f"pending#{arrived}#f{n}#1",
            }
        )
    [started] = invoked(lab, {"do": "check"})
    assert lab.end(started).status == "SUCCEEDED"


def test_the_watch_starts_maintenance(lab: Lab) -> None:
    [started] = invoked(lab, {"do": "maintain"})
    assert started.endswith("-maintenance")
    assert list(lab.end(started).jobs) == ["maintenance"]


def test_the_tables_over_bronze_and_metrics_are_there_and_are_queried_as_in_athena(lab: Lab) -> None:
    """`./lake query` on the deployed templates; nothing has looked into the files."""
    s3, names = lab.session.client("s3"), lab.session.names
    day = "shop/users/event_date=2026-01-02"
    s3.put_object(Bucket=names.bucket("bronze"), Key=f"{day}/a-1.csv", Body=b"user_id;name\r\n1;Ada\r\n")
    s3.put_object(
        Bucket=names.bucket("bronze"), Key=f"{day}/b-2.json.gz", Body=gzip.compress(b'[{"user_id": "2"}]')
    )
    s3.put_object(Bucket=names.bucket("bronze"), Key=f"{day}/_hidden", Body=b"x")
    figures = b'metric,value\nfiles,2\n"drift_column_a,b",0.5\n'
    s3.put_object(Bucket=names.bucket("metrics"), Key="shop/users/run_date=2026-01-03/r1.csv", Body=figures)

    def rows(statement: str) -> list[tuple[Any, ...]]:
        return athena.run(lab.session, statement, [DOMAIN, "web"], DOMAIN).rows

    assert rows("select line, event_date from bronze.users order by line") == [
        ("1;Ada", "2026-01-02"),
        ('[{"user_id": "2"}]', "2026-01-02"),
        ("user_id;name", "2026-01-02"),
    ]
    assert rows("select count(*) from bronze.users where \"$path\" like '%.csv'") == [(2,)]
    assert rows("select metric, value, dataset, run_date from metrics.runs order by value") == [
        ("drift_column_a,b", 0.5, "users", "2026-01-03"),
        ("files", 2.0, "users", "2026-01-03"),
    ]
    assert ("users",) in rows("show tables in bronze")
    assert ("event_date", "string", "") in rows("describe bronze.users")
