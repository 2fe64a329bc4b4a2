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

from cli import cdk_cli
from cli.main import main
from cli.targets import deployed
from local import deploy, npm
from local.aws import process
from local.aws.environment import client_environment
from local.session import TargetError
from local.session import laptop_session as laptop
from local.settings import ROOT
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
        files = json.loads(report.read_text())["shop"]["files"]
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
    assert "log: CloudWatch log group /aws-glue/jobs/error" in told


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
