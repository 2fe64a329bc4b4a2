"""What the product relies on in the emulated Step Functions, DynamoDB and Glue.

A new version of the emulation must pass this first.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local import session
from local.aws import process
from local.aws.environment import server_environment
from local.session import Session
from local.settings import ROOT
from tests.support.states import CAUGHT, catching, execution, output, passing, started, task

JOB = """
import sys, time
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
assert arguments["--JOB_NAME"] and arguments["--JOB_RUN_ID"]
time.sleep(float(arguments.get("--seconds", "0")))
if "--fail" in arguments:
    raise RuntimeError("bad row count")
import library
open(arguments["--out"], "w").write(library.WORD) if "--out" in arguments else None
"""

SPARK_JOB = """
import json, os, sys
from pyspark.sql import SparkSession
arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
spark = SparkSession.builder.appName("probe").getOrCreate()
def on_a_worker(_):
    import library
    return library.WORD, os.environ["AWS_SDK_UA_APP_ID"]
found = {
    "jvm": spark._jvm.ProcessHandle.current().pid(),
    "asked": spark.conf.get("spark.probe", "nothing"),
    "worker": spark.sparkContext.parallelize([1], 1).map(on_a_worker).first(),
    "java": spark._jvm.System.getProperty("sdk.ua.appId"),
    "at home": spark._jvm.java.net.InetAddress.getByName(spark._jvm.org.apache.spark.util.Utils.localHostName()).isLoopbackAddress(),
}
open(arguments["--out"], "w").write(json.dumps(found))
spark.range(3).selectExpr("assert_true(id < 0)").collect() if "--fail" in arguments else None
"""


@pytest.fixture(scope="module")
def table(aws: Session) -> str:
    name = f"t-{secrets.token_hex(4)}"
    keys = [{"AttributeName": a, "AttributeType": "S"} for a in ("pk", "sk")]
    schema = [{"AttributeName": a, "KeyType": k} for a, k in (("pk", "HASH"), ("sk", "RANGE"))]
    aws.client("dynamodb").create_table(
        TableName=name, KeySchema=schema, AttributeDefinitions=keys, BillingMode="PAY_PER_REQUEST"
    )
    return name


@pytest.fixture(scope="module")
def job(aws: Session) -> str:
    return provided(aws, JOB)


@pytest.fixture(scope="module")
def spark_jobs(aws: Session) -> list[str]:
    return [provided(aws, SPARK_JOB) for _ in range(2)]


def provided(aws: Session, script: str) -> str:
    """A Glue job that may run once at a time, with a library beside its script."""
    s3, name = aws.client("s3"), f"j-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="job.py", Body=script.encode())
    s3.put_object(Bucket=name, Key="library.py", Body=b"WORD = 'from the library'")
    aws.client("glue").create_job(
        Name=name,
        Role="arn:aws:iam::123456789012:role/glue",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{name}/job.py"},
        DefaultArguments={"--extra-py-files": f"s3://{name}/library.py", "--job-language": "python"},
        ExecutionProperty={"MaxConcurrentRuns": 1},
    )
    return name


def lock(table: str, owner: str) -> dict[str, object]:
    return {
        "TableName": table,
        "Item": {"pk": {"S": "lock"}, "sk": {"S": "lock"}, "run_id": {"S": owner}},
        "ConditionExpression": "attribute_not_exists(pk) OR run_id = :me",
        "ExpressionAttributeValues": {":me": {"S": owner}},
    }


class TestJsonata:
    def test_variables_reach_later_states(self, aws: Session) -> None:
        first = {"Type": "Pass", "Assign": {"k": "{% $states.input.n * 2 %}"}, "Next": "B"}
        assert output(aws, {"A": first, "B": passing({"k": "{% $k %}"})}, {"n": 3}) == {"k": 6}

    def test_what_was_not_given_has_a_default(self, aws: Session) -> None:
        assert (
            output(aws, {"A": passing("{% $states.input.from_date ? $states.input.from_date : 'none' %}")})
            == "none"
        )

    def test_an_expression_without_a_result_fails_loudly(self, aws: Session) -> None:
        found = execution(aws, {"A": passing({"v": "{% $states.input.nope %}"})})
        assert (found["status"], found["error"]) == ("FAILED", "States.QueryEvaluationError")

    def test_choice_wait_and_fail_take_expressions(self, aws: Session) -> None:
        states = {
            "C": {
                "Type": "Choice",
                "Choices": [{"Condition": "{% $states.input.n > 1 %}", "Next": "W"}],
                "Default": "F",
            },
            "W": {"Type": "Wait", "Seconds": "{% 0 %}", "Next": "F"},
            "F": {"Type": "Fail", "Error": "{% 'E' & $string($states.input.n) %}", "Cause": "c"},
        }
        found = execution(aws, states, {"n": 2})
        assert (found["error"], found["cause"]) == ("E2", "c")

    def test_parallel_gives_its_output(self, aws: Session) -> None:
        branches = [{"StartAt": n, "States": {n: passing(n)}} for n in ("A", "B")]
        states = {
            "P": {
                "Type": "Parallel",
                "Branches": branches,
                "Output": {"r": "{% $states.result %}"},
                "End": True,
            }
        }
        assert output(aws, states) == {"r": ["A", "B"]}

    def test_context_names_execution_and_machine(self, aws: Session) -> None:
        found = execution(
            aws,
            {
                "A": passing(
                    {
                        "name": "{% $states.context.Execution.Name %}",
                        "id": "{% $states.context.Execution.Id %}",
                    }
                )
            },
        )
        assert json.loads(found["output"]) == {"name": found["name"], "id": found["executionArn"]}


class TestLock:
    def test_a_failed_condition_has_the_name_of_aws(self, aws: Session, table: str) -> None:
        assert "Error" not in output(aws, {"A": task("dynamodb:putItem", lock(table, "one"))})
        second = {
            "A": task(
                "dynamodb:putItem",
                lock(table, "two"),
                Catch=catching("DynamoDB.ConditionalCheckFailedException"),
            ),
            **CAUGHT,
        }
        assert output(aws, second)["Error"] == "DynamoDB.ConditionalCheckFailedException"
        assert "Error" not in output(aws, {"A": task("dynamodb:putItem", lock(table, "one"))})

    def test_only_one_of_many_gets_it(self, aws: Session, table: str) -> None:
        client = aws.client("dynamodb")

        def taken(owner: int) -> bool:
            item = {"pk": {"S": "race"}, "sk": {"S": "lock"}, "run_id": {"S": str(owner)}}
            try:
                client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(pk)")
            except client.exceptions.ConditionalCheckFailedException:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(taken, range(40))) == 1

    def test_a_missing_item_is_absent(self, aws: Session, table: str) -> None:
        read = {"TableName": table, "Key": {"pk": {"S": "nope"}, "sk": {"S": "lock"}}, "ConsistentRead": True}
        assert (
            output(aws, {"A": task("dynamodb:getItem", read, Output="{% $exists($states.result.Item) %}")})
            is False
        )

    def test_an_unknown_execution_has_the_name_of_aws(self, aws: Session) -> None:
        arn = "arn:aws:states:us-east-1:123456789012:execution:nope:x"
        error = "Sfn.ExecutionDoesNotExistException"
        states = {
            "A": task("aws-sdk:sfn:describeExecution", {"ExecutionArn": arn}, Catch=catching(error)),
            **CAUGHT,
        }
        assert output(aws, states)["Error"] == error


class TestGlueJobs:
    def test_the_script_really_runs(self, aws: Session, job: str, tmp_path: Path) -> None:
        arguments = {"JobName": job, "Arguments": {"--out": str(tmp_path / "word")}}
        assert (
            output(
                aws,
                {"A": task("glue:startJobRun.sync", arguments, Output="{% $states.result.JobRunState %}")},
            )
            == "SUCCEEDED"
        )
        assert (tmp_path / "word").read_text() == "from the library"

    def test_a_failure_carries_the_last_error_of_the_script(self, aws: Session, job: str) -> None:
        found = execution(
            aws, {"A": task("glue:startJobRun.sync", {"JobName": job, "Arguments": {"--fail": "1"}})}
        )
        assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
        assert json.loads(found["cause"])["ErrorMessage"] == "RuntimeError: bad row count"

    def test_a_second_run_is_refused_and_retried(self, aws: Session, job: str) -> None:
        call = {"JobName": job, "Arguments": {"--seconds": "1"}}
        refused = "Glue.ConcurrentRunsExceededException"
        retry = [{"ErrorEquals": [refused], "IntervalSeconds": 1, "MaxAttempts": 8, "BackoffRate": 1}]
        branches = [
            {"StartAt": n, "States": {n: task("glue:startJobRun.sync", call, Retry=retry)}}
            for n in ("A", "B")
        ]
        parallel = {
            "Type": "Parallel",
            "Branches": branches,
            "End": True,
            "Output": "{% $states.result.JobRunState %}",
        }
        assert output(aws, {"P": parallel}) == ["SUCCEEDED", "SUCCEEDED"]

    def test_jobs_share_a_jvm_but_nothing_else_until_one_fails(
        self, aws: Session, spark_jobs: list[str], tmp_path: Path
    ) -> None:
        one, other = spark_jobs
        asked = {"--conf": "spark.probe=something"}

        def ran(job: str, state: str = "SUCCEEDED", **arguments: str) -> dict[str, Any]:
            call = {"JobName": job, "Arguments": {**arguments, "--out": str(tmp_path / "found")}}
            found = execution(aws, {"A": task("glue:startJobRun.sync", call)})
            assert found["status"] == state, found
            return dict(json.loads((tmp_path / "found").read_text()))

        first = ran(one, **asked)
        common = {"jvm": first["jvm"], "at home": True}
        assert first == {**common, "asked": "something", "worker": ["from the library", one], "java": one}
        assert ran(other) == {
            **common,
            "asked": "nothing",
            "worker": ["from the library", other],
            "java": other,
        }
        assert ran(one, "FAILED", **{"--fail": "1"})["jvm"] == first["jvm"]
        assert ran(one)["jvm"] != first["jvm"]

    def test_a_missing_job_has_the_name_of_aws(self, aws: Session) -> None:
        error = "Glue.EntityNotFoundException"
        assert (
            output(
                aws,
                {"A": task("glue:startJobRun.sync", {"JobName": "nope"}, Catch=catching(error)), **CAUGHT},
            )["Error"]
            == error
        )

    @pytest.mark.parametrize("how", ["timeout", "stop"])
    def test_an_abandoned_run_is_stopped(self, aws: Session, job: str, how: str) -> None:
        call = task(
            "glue:startJobRun.sync",
            {"JobName": job, "Arguments": {"--seconds": "60"}},
            **({"TimeoutSeconds": 1} if how == "timeout" else {}),
        )
        if how == "timeout":
            assert execution(aws, {"A": call})["error"] == "States.Timeout"
        else:
            arn = started(aws, {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": call}}, {})
            time.sleep(1)
            aws.client("stepfunctions").stop_execution(executionArn=arn)
        glue, deadline = aws.client("glue"), time.monotonic() + 10
        while glue.get_job_runs(JobName=job)["JobRuns"][-1]["JobRunState"] != "STOPPED":
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def test_max_retries_starts_another_attempt(self, aws: Session, job: str) -> None:
        glue, name = aws.client("glue"), f"{job}-again"
        original = glue.get_job(JobName=job)["Job"]
        glue.create_job(
            Name=name,
            Role=original["Role"],
            Command=original["Command"],
            MaxRetries=1,
            DefaultArguments={"--fail": "1"},
        )
        glue.start_job_run(JobName=name)
        deadline = time.monotonic() + 30
        while [r["JobRunState"] for r in glue.get_job_runs(JobName=name)["JobRuns"]] != ["FAILED", "FAILED"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)


class TestCatalog:
    def test_only_one_of_many_commits_wins(self, aws: Session) -> None:
        """Iceberg's GlueCatalog commits by UpdateTable with the version that it read."""
        glue = aws.client("glue")
        glue.create_database(DatabaseInput={"Name": "locking"})
        glue.create_table(
            DatabaseName="locking", TableInput={"Name": "t", "Parameters": {"metadata_location": "0"}}
        )
        version = glue.get_table(DatabaseName="locking", Name="t")["Table"]["VersionId"]

        def commit(n: int) -> str:
            changed = {"Name": "t", "Parameters": {"metadata_location": str(n)}}
            try:
                glue.update_table(DatabaseName="locking", VersionId=version, TableInput=changed)
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            return "committed"

        with ThreadPoolExecutor(8) as pool:
            assert Counter(pool.map(commit, range(1, 25))) == {
                "committed": 1,
                "ConcurrentModificationException": 23,
            }


class TestProcess:
    def test_state_survives_an_end_and_a_killed_one_is_refused(self, tmp_path: Path) -> None:
        first = process.start(tmp_path)
        session.laptop_session(first).client("s3").create_bucket(Bucket="kept")
        process.stop(tmp_path)
        second = process.start(tmp_path)
        assert [b["Name"] for b in session.laptop_session(second).client("s3").list_buckets()["Buckets"]] == [
            "kept"
        ]
        assert second.port == first.port
        os.kill(second.pid, signal.SIGKILL)
        while process.running(tmp_path):
            time.sleep(0.05)
        with pytest.raises(process.EmulationError, match="--reset"):
            process.start(tmp_path)

    def test_one_that_another_command_began_to_start_is_waited_for(self, tmp_path: Path) -> None:
        """As after a Ctrl-C in `./lake up`: the process lives, and does not answer yet."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", process.SERVER, "--state", str(tmp_path), "--port", str(port)]
        environment = server_environment(port, tmp_path, os.environ)
        begun = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
        process.note(process.Emulation(tmp_path, port, begun.pid))
        assert process.start(tmp_path).pid == begun.pid
        begun.terminate()
        begun.wait(timeout=60)
