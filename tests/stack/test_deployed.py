"""The verbs with `--env`: the emulation poses as AWS, reached only through the user's own
AWS configuration.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import cdk_cli, runs
from cli.main import main
from cli.targets import deployed
from local import deploy, npm
from local.aws import process
from local.aws.environment import client_environment
from local.session import TargetError
from local.session import laptop_session as laptop
from local.settings import ROOT
from shared.ledger.model import FileId
from tests.stack.conftest import Assembly


@pytest.fixture(scope="module")
def aws(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All of test's stacks, deployed; the environment variables are those of a user with credentials."""
    state = tmp_path_factory.mktemp("aws")
    emulation = process.start(state)
    try:
        deploy.deploy_assembly(laptop(emulation), assembly.folder / "assembly-dev", state / "recorded.json")
        with pytest.MonkeyPatch.context() as patch:
            for name, value in client_environment(emulation.endpoint).items():
                patch.setenv(name, value)
            yield
    finally:
        process.stop(state)


def test_the_environment_is_found_by_the_credentials_alone(aws: None) -> None:
    found = deployed("dev")
    assert (found.names.bucket("raw"), found.endpoint, found.state) == (
        "lakehouse-dev-raw-123456789012-us-east-1-an",
        None,
        None,
    )


def test_files_are_dropped_and_their_status_is_shown(aws: None, tmp_path: Path) -> None:
    day = {"event_id": "e1", "event_type": "view", "user_id": "u1", "event_timestamp": "2026-01-01T10:00:00Z"}
    (tmp_path / "a.json").write_text(json.dumps(day) + "\n")
    assert (
        main(["drop", str(tmp_path / "a.json"), "--domain", "shop", "--dataset", "events", "--env", "dev"])
        == 0
    )
    report, until = tmp_path / "status.json", time.monotonic() + 60
    while time.monotonic() < until:
        assert main(["status", "shop", "--env", "dev", "--json", str(report)]) == 0
        files = json.loads(report.read_text())["domains"]["shop"]["files"]
        if (
            sum(
                sum(v for k, v in counts.items() if k in ("accepted", "quarantined"))
                for counts in files.values()
            )
            == 1
        ):
            return
        time.sleep(0.5)
    pytest.fail(f"the file got no verdict: {files}")


def test_a_run_is_started_and_followed_and_its_failure_told(
    aws: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The job cannot start, since its script is gone."""
    target = deployed("dev")
    job = target.client("glue").get_job(JobName=target.names.job("shop", "bronze-to-silver"))["Job"]
    bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    target.client("s3").delete_object(Bucket=bucket, Key=key)
    assert main(["run", "shop", "--env", "dev"]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "BronzeToSilver" in told
    assert "ended FAILED" in told
    assert "lakehouse-dev-shop-bronze-to-silver: " in told
    assert "log: CloudWatch log groups /aws-glue/_lakehouse-dev-glue_*, streams jr_" in told


def test_a_failed_run_is_shown_and_redriven_by_a_new_one_where_it_cannot_go_on(
    aws: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """After the run above, whose cause is not gone."""
    assert main(["status", "shop", "--env", "dev"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "in BronzeToSilver" in shown
    assert "./lake redrive shop --env dev --execution" in shown
    [failed] = runs.failures(deployed("dev"), "shop")
    report = tmp_path / "redriven.json"
    assert main(["redrive", "shop", "--execution", "--env", "dev", "--json", str(report)]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert f"run {failed[0]} cannot go on" in told
    assert "begins with the same input" in told
    written = json.loads(report.read_text())
    assert (written["instead_of"], written["status"]) == (failed[0], "FAILED")
    assert len(runs.failures(deployed("dev"), "shop")) == 2


def test_a_dead_letter_is_shown_and_its_file_gets_an_outcome_after_all(
    aws: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An event of a file that lies in raw, of which the function has never heard."""
    target, sqs = deployed("dev"), deployed("dev").client("sqs")
    events = target.client("events")
    [rule] = [r["Name"] for r in events.list_rules()["Rules"] if "aws.s3" in r.get("EventPattern", "")]
    events.disable_rule(Name=rule)
    row = b'{"event_id": "e2", "event_type": "view", "user_id": "u1", "event_timestamp": "2026-01-02T10:00:00Z"}'
    place = {"Bucket": target.names.bucket("raw"), "Key": "shop/events/late.json"}
    version = target.client("s3").put_object(**place, Body=row)["VersionId"]
    thing = {"key": place["Key"], "size": len(row), "version-id": version, "sequencer": "0F"}
    detail = {"version": "0", "bucket": {"name": place["Bucket"]}, "object": thing}
    body = {
        "source": "aws.s3",
        "account": target.names.account,
        "detail-type": "Object Created",
        "detail": detail,
    }
    letters = sqs.get_queue_url(QueueName=target.names.queue("ingest-dlq"))["QueueUrl"]
    sqs.send_message(QueueUrl=letters, MessageBody=json.dumps(body))
    assert main(["status", "shop", "--env", "dev"]) == 0
    shown = capsys.readouterr().out
    assert "lakehouse-dev-ingest-dlq: 1 message, one of them" in shown
    assert "./lake redrive shop --env dev --letters" in shown
    assert "late.json" not in shown
    report = tmp_path / "letters.json"
    assert main(["redrive", "shop", "--letters", "--env", "dev", "--json", str(report)]) == 0
    assert "1 dead letter of lakehouse-dev-ingest-dlq went back" in capsys.readouterr().err
    assert json.loads(report.read_text()) == {"letters_moved": 1}
    until = time.monotonic() + 60
    while not [f for f in target.ledger.accepted("shop", "events") if f.key == place["Key"]]:
        assert time.monotonic() < until
        time.sleep(0.5)
    assert main(["redrive", "shop", "--letters", "--env", "dev"]) == 0
    assert "no dead letter waits" in capsys.readouterr().err


def test_claims_without_an_owner_and_letters_of_other_queues_are_shown(
    aws: None, capsys: pytest.CaptureFixture[str]
) -> None:
    target, sqs = deployed("dev"), deployed("dev").client("sqs")
    file = FileId(target.names.bucket("raw"), "shop/users/never.json", "v1", "01")
    target.ledger.claim(file, "dead worker", now=time.time() - 3 * 3600)
    for queue in ("watch-dlq", "alerts-dlq"):
        url = sqs.get_queue_url(QueueName=target.names.queue(queue))["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="{}")
    assert main(["status", "shop", "--env", "dev"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "users: 1 file that a worker began" in shown
    assert "ran out 3 hours ago" in shown
    assert "docs/howto/runbook.md#watch-dlq-depth" in shown
    assert "docs/howto/runbook.md#alerts-dlq-depth" in shown


def test_wrong_credentials_are_told_before_anything_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in client_environment("http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(TargetError, match="credentials"):
        deployed("dev")


def test_the_pinned_command_line_reads_our_assembly() -> None:
    """cdk list: what a deployment would touch, in the order of dependencies."""
    try:
        cdk = npm.package("aws-cdk") / "bin" / "cdk"
    except npm.NodeToolError as error:
        pytest.skip(str(error))
    words = [*cdk_cli.command("list", "test"), "-c", "local=true"]
    done = subprocess.run(
        [str(npm.node()), str(cdk), *words],
        cwd=ROOT,
        env=npm.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    stacks = [line.split()[0] for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-2000:]
    assert stacks[:2] == ["test/storage", "test/catalog"]
    assert {s.split("/")[0] for s in stacks} == {"test"}
