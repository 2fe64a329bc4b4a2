"""What was given up is shown, and goes through again without a loss: dead letters and runs that failed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli import dead_letters, redrive, runs, stuck
from cli.dead_letters import MoveError
from cli.redrive import RedriveError
from local.session import Session
from shared.ledger.counts import DeadClaims
from shared.ledger.model import RowCounts, RunResult
from tests.support.moto_session import NAMES, moto_session

LETTERS, QUEUE = NAMES.queue("ingest-dlq"), NAMES.queue("ingest")
NOW = dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Answered:
    status_code: int = 200


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    """With an ingest queue, its dead letters and those of watch; there is no crawler."""
    with moto_session(monkeypatch) as session:
        sqs = session.client("sqs")
        for name in (LETTERS, QUEUE, NAMES.queue("watch-dlq"), NAMES.queue("alerts-dlq")):
            sqs.create_queue(QueueName=name)
        yield session


def answer(session: Session, operation: str, *answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Lets AWS answer an operation so, the last answer again and again; returns the requests."""
    asked: list[dict[str, Any]] = []

    def reply(params: dict[str, Any], **_: Any) -> tuple[Answered, dict[str, Any]]:
        asked.append(json.loads(params["body"]))
        return Answered(), answers[min(len(asked), len(answers)) - 1]

    session.boto.events.register(f"before-call.{operation}", reply)
    return asked


def send(session: Session, *bodies: str, queue: str = LETTERS) -> None:
    sqs = session.client("sqs")
    for body in bodies:
        kind = {"kind": {"DataType": "String", "StringValue": "event"}}
        sqs.send_message(QueueUrl=url(session, queue), MessageBody=body, MessageAttributes=kind)


def url(session: Session, queue: str) -> str:
    return str(session.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"])


def bodies(session: Session, queue: str) -> list[str]:
    found: list[str] = []
    while (
        page := session.client("sqs")
        .receive_message(QueueUrl=url(session, queue), MaxNumberOfMessages=10, MessageAttributeNames=["All"])
        .get("Messages")
    ):
        assert all(m["MessageAttributes"]["kind"]["StringValue"] == "event" for m in page)
        found += [m["Body"] for m in page]
    return sorted(found)


class TestLetters:
    def test_they_are_counted_with_an_age_and_stay_where_they_are(self, session: Session) -> None:
        assert dead_letters.waiting(session) == []
        send(session, "one", "two")
        send(session, "three", queue=NAMES.queue("alerts-dlq"))
        for _ in range(2):
            found = dead_letters.waiting(session)
            assert [(f.queue, f.messages) for f in found] == [("ingest-dlq", 2), ("alerts-dlq", 1)]
        assert found[0].since is not None
        assert dt.timedelta() <= dt.datetime.now(dt.UTC) - found[0].since < dt.timedelta(minutes=1)
        assert bodies(session, LETTERS) == ["one", "two"]

    def test_they_go_back_as_they_are(self, session: Session) -> None:
        sent = [f"event {n}" for n in range(23)]
        send(session, *sent)
        moved = dead_letters.move_by_hand(session.client("sqs"), session, lambda _: None)
        assert moved == 23
        assert bodies(session, QUEUE) == sorted(sent)
        assert dead_letters.waiting(session) == []

    def test_an_interruption_loses_none(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        send(session, "one", "two")
        sqs = session.client("sqs")

        def crash(**_: Any) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(dead_letters, "HIDDEN_SECONDS", 0)
        sqs.meta.events.register("before-call.sqs.DeleteMessage", crash)
        with pytest.raises(KeyboardInterrupt):
            dead_letters.move_by_hand(sqs, session, lambda _: None)
        assert bodies(session, LETTERS) == ["one", "two"]
        assert len(bodies(session, QUEUE)) == 1

    def test_sqs_moves_them_by_itself_where_it_can(self, session: Session) -> None:
        send(session, "one", "two")
        asked = answer(session, "sqs.StartMessageMoveTask", {"TaskHandle": "t"})
        running = {"Status": "RUNNING", "ApproximateNumberOfMessagesMoved": 1}
        done = {"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 2}
        answer(session, "sqs.ListMessageMoveTasks", {"Results": [running]}, {"Results": [done]})
        assert dead_letters.move_back(session) == 2
        arn = "arn:aws:sqs:us-east-1:123456789012:lakehouse-dev-"
        assert asked == [{"SourceArn": f"{arn}ingest-dlq", "DestinationArn": f"{arn}ingest"}]

    def test_a_move_that_fails_says_where_the_others_are(self, session: Session) -> None:
        send(session, "one")
        answer(session, "sqs.StartMessageMoveTask", {"TaskHandle": "t"})
        failed = {"Status": "FAILED", "FailureReason": "AccessDenied", "ApproximateNumberOfMessagesMoved": 0}
        answer(session, "sqs.ListMessageMoveTasks", {"Results": [failed]})
        with pytest.raises(MoveError, match=r"FAILED \(AccessDenied\) after 0; .* lakehouse-dev-ingest-dlq"):
            dead_letters.move_back(session)

    def test_where_there_are_none_no_task_begins(self, session: Session) -> None:
        asked = answer(session, "sqs.StartMessageMoveTask", {"TaskHandle": "t"})
        assert dead_letters.move_back(session) == 0
        assert asked == []


def refused(code: str) -> Callable[..., None]:
    def raise_error(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code}}, "GetQueueUrl")

    return raise_error


def test_who_may_not_look_into_the_queues_still_sees_the_rest(session: Session) -> None:
    session.boto.events.register("before-call.sqs.GetQueueUrl", refused("AccessDenied"))
    [item] = stuck.of_letters(session, "shop", "")
    assert "may not look" in item.what


def test_what_no_right_explains_is_an_error(session: Session) -> None:
    session.boto.events.register("before-call.sqs.GetQueueUrl", refused("InternalFailure"))
    with pytest.raises(ClientError):
        list(stuck.of_letters(session, "shop", ""))


def execution(name: str, status: str, days_ago: float = 1) -> dict[str, Any]:
    return {"name": name, "status": status, "startDate": NOW - dt.timedelta(days=days_ago)}


class TestFailures:
    def listed(self, session: Session, *executions: dict[str, Any]) -> list[str]:
        answer(session, "stepfunctions.ListExecutions", {"executions": list(executions)})
        return [run_id for run_id, _ in runs.failures(session, "shop")]

    def test_those_since_the_last_success_count(self, session: Session) -> None:
        found = self.listed(
            session,
            execution("e", "RUNNING"),
            execution("d", "FAILED"),
            execution("c", "ABORTED"),
            execution("b", "SUCCEEDED"),
            execution("a", "FAILED"),
        )
        assert found == ["d", "c"]

    def test_maintenance_and_data_say_nothing_of_each_other(self, session: Session) -> None:
        found = self.listed(
            session,
            execution("d", "SUCCEEDED"),
            execution("c-maintenance", "TIMED_OUT"),
            execution("b", "FAILED"),
            execution("a-maintenance", "SUCCEEDED"),
        )
        assert found == ["c-maintenance"]

    def test_maintenance_that_never_succeeds_is_told_for_two_weeks(self, session: Session) -> None:
        found = self.listed(
            session,
            execution("d-maintenance", "FAILED", 3),
            execution("c", "SUCCEEDED", 4),
            execution("b", "SUCCEEDED", 15),
            execution("a-maintenance", "FAILED", 16),
        )
        assert found == ["d-maintenance"]

    def test_data_that_last_succeeded_long_ago_is_told_all_the_same(self, session: Session) -> None:
        old = (("c", "FAILED", 40), ("b", "FAILED", 41), ("a", "SUCCEEDED", 42))
        assert self.listed(session, *(execution(*run) for run in old)) == ["c", "b"]


def described(**more: Any) -> dict[str, Any]:
    times = {"startDate": NOW, "stopDate": NOW}
    arn = NAMES.execution_arn("shop", "r1")
    return {"executionArn": arn, "status": "FAILED", "input": '{"full_refresh": true}', **times, **more}


class TestExecution:
    def test_it_goes_on_once_step_functions_counts_the_redrive(
        self, session: Session, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(redrive, "POLL_SECONDS", 0.0)
        failed = described(redriveStatus="REDRIVABLE", redriveCount=1)
        begun = described(redriveStatus="NOT_REDRIVABLE", redriveCount=2, status="RUNNING")
        looked = answer(session, "stepfunctions.DescribeExecution", failed, failed, failed, begun)
        answer(session, "stepfunctions.GetExecutionHistory", {"events": []})
        asked = answer(session, "stepfunctions.RedriveExecution", {"redriveDate": NOW})
        assert redrive.redrive(session, "shop", "r1", "") == redrive.Redriven("r1")
        assert [a["executionArn"] for a in asked] == [NAMES.execution_arn("shop", "r1")]
        assert len(looked) == 4

    def test_one_that_cannot_is_begun_anew_with_its_input(self, session: Session) -> None:
        old = described(redriveStatus="NOT_REDRIVABLE", redriveStatusReason="older than 14 days")
        answer(session, "stepfunctions.DescribeExecution", old)
        answer(session, "stepfunctions.GetExecutionHistory", {"events": []})
        started = answer(session, "stepfunctions.StartExecution", {"executionArn": "x", "startDate": NOW})
        done = redrive.redrive(session, "shop", "r1", "")
        assert (done.instead_of, done.why) == ("r1", "older than 14 days")
        assert [(s["name"], s["input"]) for s in started] == [(done.run_id, '{"full_refresh": true}')]

    @pytest.mark.parametrize(
        ("error", "said"),
        [
            ("QualityGate.Halted", "./lake run shop --demo --accept-gate"),
            ("Input.Unknown", "./lake run shop"),
        ],
    )
    def test_a_verdict_is_not_asked_for_again(self, session: Session, error: str, said: str) -> None:
        answer(session, "stepfunctions.DescribeExecution", described(error=error, cause="as found"))
        answer(session, "stepfunctions.GetExecutionHistory", {"events": []})
        with pytest.raises(RedriveError, match=f"as found\n.*{said}"):
            redrive.redrive(session, "shop", "r1", " --demo")


def test_status_says_what_stands_still_and_what_to_do(session: Session) -> None:
    failed = [execution(name, "FAILED") for name in ("c", "b", "a")]
    answer(session, "stepfunctions.ListExecutions", {"executions": failed})
    answer(session, "stepfunctions.DescribeExecution", described(error="States.TaskFailed", cause="no"))
    entered = {"type": "TaskStateEntered", "stateEnteredEventDetails": {"name": "Silver"}, "timestamp": NOW}
    answer(session, "stepfunctions.GetExecutionHistory", {"events": [entered]})
    send(session, "secret body")
    claims = [("events", DeadClaims(3, NOW - dt.timedelta(hours=5)))]
    items = list(stuck.items_of(session, "shop", claims, " --env prod"))
    said = [(item.what, item.do) for item in items]
    assert [what.partition("\n")[0] for what, _ in said] == [
        "run c ended FAILED after 0.0 s in Silver",
        "2 runs failed before it since the last success: 2 FAILED in Silver (States.TaskFailed)",
        "lakehouse-dev-ingest-dlq: 1 message, one of them 0 minutes old: events of files that failed five"
        " times; these files have no outcome",
        "events: 3 files that a worker began and left without an outcome, the oldest claim ran out 5 hours"
        " ago",
    ]
    assert "./lake redrive shop --env prod --execution" in said[0][1]
    assert "./lake redrive shop --env prod --letters" in said[2][1]
    assert "./lake redrive shop --env prod --letters" in said[3][1]
    assert "secret body" not in str(said)


def test_a_crawl_that_was_given_up_is_told_where_there_is_a_crawler(session: Session) -> None:
    queue = NAMES.queue("crawl-dlq")
    session.client("sqs").create_queue(QueueName=queue)
    send(session, "secret body", queue=queue)
    [item] = stuck.items_of(session, "shop", [], "")
    assert (
        item.what
        == f"{queue}: 1 message, one of them 0 minutes old: calls of the crawl that failed three times"
    )
    assert "docs/howto/runbook.md#crawl-dlq-depth" in item.do
    assert "secret body" not in str(item)


def test_a_run_that_does_not_balance_is_told(session: Session) -> None:
    whole, lost = RowCounts(10, 5, 3, 1, 1), RowCounts(100, 90, 3, 2, 1)
    results = [RunResult("shop", "r1", "users", whole), RunResult("shop", "r1", "events", lost)]
    [item] = stuck.of_balance("shop", results, "")
    assert item.what.startswith("events: run r1 read 100 records, and 96 are accounted for")
    assert item.do.startswith("./lake run shop --full-refresh")
