"""Events of OpenLineage: what they are called, that the reference client reads them, and that nothing that goes
wrong with them is felt by a job.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import jsonschema
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from openlineage.client.transport.http import HttpConfig, HttpTransport
from pyspark.errors import PySparkException

from glue_scripts.engine.gold.promises import BrokenKeyError, TransformError
from glue_scripts.engine.lineage.made import place_of
from glue_scripts.engine.lineage.recorder import Made, Recorder
from glue_scripts.engine.lineage.sender import TRIES, Sender
from glue_scripts.engine.run.job import Job, Receiver, parsed_job
from glue_scripts.engine.tables.state import MovedOnError
from shared.contracts import contract
from shared.ledger.model import RowCounts
from shared.lineage import Lineage, Source, Use, facet, folder, new_run, run_of, stored, symlink
from shared.lineage.facets import SCHEMAS, balance
from shared.names import Names
from tests.support.ingest_rig import NAMES
from tests.support.openlineage import BALANCE_CLASS, as_sent, classes, filled, read, version_of

JOB = Job(NAMES, contract("shop"), "run-1", now=dt.datetime(2026, 6, 1, 10, tzinfo=dt.UTC))
GLUE = f"arn:aws:glue:{NAMES.region}:{NAMES.account}"


def test_data_is_named_as_openlineage_names_it():
    assert stored(NAMES, "lake_silver", "events") == {"namespace": GLUE, "name": "table/lake_silver/events"}
    assert folder("some-bucket", "shop/events/") == {"namespace": "s3://some-bucket", "name": "shop/events"}
    assert symlink("s3://some-bucket/shop/events") == {
        "namespace": "s3://some-bucket",
        "name": "shop/events",
        "type": "LOCATION",
    }
    china = Names("dev", "123456789012", "cn-north-1")
    assert stored(china, "d", "t")["namespace"] == "arn:aws-cn:glue:cn-north-1:123456789012"


def test_later_runs_have_greater_ids_and_a_run_with_a_name_has_the_same_everywhere():
    first = new_run()
    time.sleep(0.002)
    assert first < new_run()
    assert version_of(first) == 7
    assert run_of("a") == run_of("a") != run_of("b")
    assert version_of(run_of("a")) == 5


def test_every_facet_names_the_schema_that_the_reference_client_has_for_it():
    assert {facet(name)[name]["_schemaURL"] for name in SCHEMAS} <= set(classes())


def test_the_balance_keeps_to_its_schema():
    said = balance(RowCounts(10, 5, 2, 2, 1), files=3)
    assert {k: v for k, v in said["lakehouse_balance"].items() if not k.startswith("_")} == {
        "received": 10,
        "written": 5,
        "quarantined": 2,
        "deduplicated": 2,
        "replaced": 1,
        "files": 3,
    }
    jsonschema.validate(said["lakehouse_balance"], BALANCE_CLASS)
    with pytest.raises(jsonschema.ValidationError, match="'files' is a required property"):
        jsonschema.validate(
            {k: v for k, v in said["lakehouse_balance"].items() if k != "files"}, BALANCE_CLASS
        )


def test_a_column_has_one_entry_a_source_and_a_constant_none():
    amount, status = Source("d.sales", "amount"), Source("d.sales", "status")
    total = frozenset(
        {
            Use(amount, "DIRECT", "AGGREGATION"),
            Use(status, "INDIRECT", "CONDITIONAL"),
            Use(amount, "INDIRECT", "SORT"),
        }
    )
    lineage = Lineage({"total": total, "one": frozenset()}, frozenset({Use(status, "INDIRECT", "FILTER")}))
    place = {"namespace": "n", "name": "sales"}
    assert lineage.content(lambda _: place) == {
        "fields": {
            "total": {
                "inputFields": [
                    {
                        **place,
                        "field": "amount",
                        "transformations": [
                            {"type": "DIRECT", "subtype": "AGGREGATION"},
                            {"type": "INDIRECT", "subtype": "SORT"},
                        ],
                    },
                    {
                        **place,
                        "field": "status",
                        "transformations": [{"type": "INDIRECT", "subtype": "CONDITIONAL"}],
                    },
                ]
            }
        },
        "dataset": [
            {**place, "field": "status", "transformations": [{"type": "INDIRECT", "subtype": "FILTER"}]}
        ],
    }
    assert Lineage({"one": frozenset()}).content(lambda _: place) is None


@contextmanager
def receiver(answer: int = 201, seconds: float = 0) -> Iterator[tuple[str, list[tuple[Any, dict[str, str]]]]]:
    """A receiver on this machine: its address, and what it got."""
    got: list[tuple[Any, dict[str, str]]] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((json.loads(body), dict(self.headers)))
            ended.wait(seconds)
            self.send_response(answer)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/lineage", got
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_receiver_gets_the_events_in_their_order_with_the_key():
    with receiver() as (url, got):
        sender = Sender(url, lambda: "a key")
        for n in range(5):
            sender.send({"n": n})
        assert sender.close() is None
    assert [body for body, _ in got] == [{"n": n} for n in range(5)]
    assert {headers["Authorization"] for _, headers in got} == {"Bearer a key"}


@pytest.mark.parametrize(
    ("answer", "said"),
    [(500, "HTTP status 500"), (401, "HTTP status 401"), (302, "HTTP status 302")],
)
def test_a_receiver_that_refuses_is_left_alone_after_some_tries(answer: int, said: str):
    with receiver(answer) as (url, got):
        sender = Sender(url, lambda: None)
        for n in range(9):
            sender.send({"n": n})
        assert sender.close() == f"9 of 9 lineage events were not sent: {said}"
    assert len(got) == TRIES


def test_a_receiver_that_is_not_there_or_has_no_key_is_told_of():
    nobody = Sender("http://127.0.0.1:9/", lambda: None)
    nobody.send({})
    assert nobody.close() == "1 of 1 lineage events were not sent: URLError"

    def refused() -> str:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetSecretValue")

    keyless = Sender("http://127.0.0.1:9/", refused, "datahub/token")
    keyless.send({})
    assert keyless.close() == (
        "1 of 1 lineage events were not sent: the key, secret datahub/token: AccessDenied"
    )
    binary = Sender("http://127.0.0.1:9/", lambda: {"SecretBinary": ""}["SecretString"], "datahub/token")
    binary.send({})
    assert binary.close() == (
        "1 of 1 lineage events were not sent: the key, secret datahub/token: it has no text"
    )


def test_a_receiver_that_does_not_answer_delays_nobody_and_the_end_a_little():
    with receiver(seconds=30) as (url, _):
        sender, began = Sender(url, lambda: None, last_seconds=0.3), time.monotonic()
        for n in range(50):
            sender.send({"n": n})
        assert time.monotonic() - began < 0.2
        assert sender.close() == "50 of 50 lineage events were not sent: no answer in time"
        assert time.monotonic() - began < 1.5


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(
            Bucket=NAMES.bucket("metrics"), CreateBucketConfiguration={"LocationConstraint": NAMES.region}
        )
        yield client


def events(s3: Any) -> dict[str, list[dict[str, Any]]]:
    """By key, the events that were written."""
    bucket = NAMES.bucket("metrics")
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    bodies = {k: s3.get_object(Bucket=bucket, Key=k)["Body"].read().decode() for k in keys}
    return {k: [json.loads(line) for line in b.splitlines()] for k, b in bodies.items()}


def test_a_run_says_that_it_begins_and_ends_and_the_reference_client_reads_it(s3: Any):
    table = contract("shop").table("daily_revenue")
    with Recorder(JOB, s3, "4.1.0") as lineage, lineage.of(table) as run:
        run.begin()
        source = stored(NAMES, "d", "transactions")
        uses = facet("columnLineage", fields={"date": {"inputFields": [{**source, "field": "event_date"}]}})
        run.tell(
            Made(
                (source,),
                uses,
                facet("outputStatistics", rowCount=3, size=10, fileCount=1),
                balance(RowCounts(), 0),
            )
        )
    [(key, [start, complete])] = events(s3).items()
    run_id = start["run"]["runId"]
    assert key == f"shop/open-lineage/gold/daily_revenue/run_date=2026-06-01/{run_id}.jsonl"
    assert (start["eventType"], complete["eventType"]) == ("START", "COMPLETE")
    assert complete["run"]["runId"] == run_id
    assert start["job"]["namespace"] == f"{NAMES.prefix}-{NAMES.env}"
    assert start["job"]["name"] == "shop.gold.daily_revenue"
    parent = complete["run"]["facets"]["parent"]
    assert parent["job"] == {"namespace": f"{NAMES.prefix}-{NAMES.env}", "name": NAMES.state_machine("shop")}
    assert parent["run"] == {"runId": run_of(NAMES.execution_arn("shop", "run-1"))}
    [output] = complete["outputs"]
    assert output["name"] == f"table/{NAMES.database('shop', 'gold')}/daily_revenue"
    assert output["facets"]["symlinks"]["identifiers"] == [
        {"namespace": f"s3://{NAMES.bucket('gold')}", "name": "shop/mart/daily_revenue", "type": "LOCATION"}
    ]
    assert output["facets"]["schema"]["fields"][0] == {
        "name": "date",
        "type": "date",
        "description": table.column("date").description,
    }
    for said in (start, complete):
        assert as_sent(read(said)) == {k: v for k, v in said.items() if v != []}


def test_the_days_that_a_run_was_asked_for_are_its_nominal_time(s3: Any):
    job = Job(NAMES, contract("shop"), "r", from_date=dt.date(2026, 1, 30), to_date=dt.date(2026, 1, 31))
    facets = Recorder(job, s3, "4.1.0").run_facets
    assert facets["nominalTime"]["nominalStartTime"] == "2026-01-30T00:00:00Z"
    assert facets["nominalTime"]["nominalEndTime"] == "2026-02-01T00:00:00Z"
    assert "nominalTime" not in Recorder(JOB, s3, "4.1.0").run_facets


class OfSparkError(PySparkException):
    def getCondition(self) -> str:
        return "DIVIDE_BY_ZERO"


def resting_on(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OfSparkError("a row with 'secret'"), "OfSparkError: DIVIDE_BY_ZERO"),
        (ValueError("a row with 'secret'"), "ValueError"),
        (
            TransformError("no country for bob@example.org", "the place: ValueError"),
            "TransformError: the place: ValueError",
        ),
        (TransformError("no country for bob@example.org"), "TransformError"),
        (
            resting_on(BrokenKeyError("2 rows: 'bob'"), ValueError("'bob'")),
            "BrokenKeyError: caused by ValueError",
        ),
        (
            resting_on(MovedOnError("[CAST_INVALID_INPUT] 'bob'"), OfSparkError("'bob'")),
            "MovedOnError: caused by OfSparkError: DIVIDE_BY_ZERO",
        ),
        (BrokenKeyError("2 rows without a key"), "BrokenKeyError: 2 rows without a key"),
    ],
)
def test_a_run_that_fails_says_why_without_a_value(s3: Any, error: Exception, said: str):
    def fails() -> None:
        with Recorder(JOB, s3, "4.1.0").of(contract("shop").table("user_ltv")) as run:
            run.begin()
            raise error

    with pytest.raises(type(error)):
        fails()
    [[_, fail]] = events(s3).values()
    assert fail["eventType"] == "FAIL"
    assert fail["run"]["facets"]["errorMessage"]["message"] == said
    assert as_sent(read(fail)) == {k: v for k, v in fail.items() if v != []}


def test_a_table_that_is_made_anew_has_the_name_that_it_gets():
    beside = replace(JOB, anew=frozenset({"events"}))
    assert place_of(beside, "lake_silver.events__anew") == ("lake_silver", "events")
    assert place_of(beside, "lake_silver.users") == ("lake_silver", "users")
    assert place_of(JOB, "lake_silver.events__anew") == ("lake_silver", "events__anew")


def test_nothing_is_said_of_a_table_without_work(s3: Any):
    with Recorder(JOB, s3, "4.1.0").of(contract("shop").table("user_ltv")):
        pass
    assert events(s3) == {}


def test_an_error_before_there_is_work_is_a_run_that_failed(s3: Any):
    def fails() -> None:
        with Recorder(JOB, s3, "4.1.0").of(contract("shop").table("user_ltv")):
            raise MovedOnError("another writer was faster")

    with pytest.raises(MovedOnError):
        fails()
    [said] = events(s3).values()
    assert [e["eventType"] for e in said] == ["START", "FAIL"]


def test_a_line_is_an_event_whatever_a_description_holds(s3: Any):
    table = contract("shop").table("user_ltv")
    odd = replace(table, columns=(replace(table.columns[0], description="a\u2028b"), *table.columns[1:]))
    with Recorder(JOB, s3, "4.1.0").of(odd) as run:
        run.begin()
    [said] = events(s3).values()
    assert said[-1]["outputs"][0]["facets"]["schema"]["fields"][0]["description"] == "a\u2028b"


def test_a_bucket_that_takes_nothing_is_a_line_in_the_log(s3: Any, capsys: pytest.CaptureFixture[str]):
    s3.delete_bucket(Bucket=NAMES.bucket("metrics"))
    with Recorder(JOB, s3, "4.1.0").of(contract("shop").table("user_ltv")) as run:
        run.begin()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["level"] for line in lines] == ["WARNING", "WARNING"]
    assert {line["message"] for line in lines} == {"lineage was not written: NoSuchBucket"}


def test_a_receiver_that_fails_is_a_line_in_the_log(s3: Any, capsys: pytest.CaptureFixture[str]):
    sender = Sender("http://127.0.0.1:9/", lambda: None)
    with Recorder(JOB, s3, "4.1.0", sender) as lineage, lineage.of(contract("shop").table("user_ltv")) as run:
        run.begin()
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert line["message"] == "2 of 2 lineage events were not sent: URLError"
    assert len(events(s3)) == 1


def test_the_reference_client_sends_what_we_send(s3: Any):
    table = contract("shop").table("user_ltv")
    with receiver() as (url, got):
        sender = Sender(url, lambda: None)
        with Recorder(JOB, s3, "4.1.0", sender) as lineage, lineage.of(table) as run:
            run.begin(Made((folder("some-bucket", "shop/events"),)))
        ours = [body for body, _ in got]
        base, _, endpoint = url.partition("/api/")
        transport = HttpTransport(HttpConfig(url=base, endpoint=f"api/{endpoint}"))
        for body in ours:
            transport.emit(read(body))
        transport.close()
    assert [body["eventType"] for body in ours] == ["START", "COMPLETE"]
    assert [filled(body) for body, _ in got[2:]] == ours


def test_a_job_is_told_of_its_receiver():
    words = [
        "--domain",
        "shop",
        "--prefix",
        "lakehouse",
        "--env",
        "dev",
        "--account",
        "1",
        "--region",
        "us-east-1",
        "--run_id",
        "r",
    ]
    assert parsed_job(words).receiver is None
    told = parsed_job([*words, "--lineage_url", "https://m.example/x", "--lineage_secret", "key"])
    assert told.receiver == Receiver("https://m.example/x", "key")
