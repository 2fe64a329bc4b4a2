"""A first deployment of a protected environment that fails can be made again: walked through on the emulation, which keeps what
CloudFormation keeps.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.first_deployment import never_complete
from cli.main import main
from local import deploy
from local.assembly import stacks
from local.aws import process
from local.aws.environment import client_environment
from local.session import Session, choose_environment
from local.session import laptop_session as laptop
from local.synth import LOCAL_CONTEXT
from shared.names import STATEFUL, Names
from stacks.config import environments
from tests.stack.conftest import ACCOUNT, REGION, Assembly


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """prod as it is synthesized while none of its stateful stacks was ever complete."""
    import app

    folder = tmp_path_factory.mktemp("first")
    app.build(["prod"], context={**LOCAL_CONTEXT, "first": ",".join(STATEFUL)}, outdir=str(folder)).synth()
    return folder


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[Session]:
    choose_environment(tmp_path, "prod")
    emulation = process.start(tmp_path)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in client_environment(emulation.endpoint).items():
                patch.setenv(name, value)
            yield laptop(emulation)
    finally:
        process.stop(tmp_path)


def created_and_failed(aws: Session, folder: Path) -> str:
    """What becomes of a storage stack whose last resource never comes."""
    (storage,) = [s for s in stacks(folder / "assembly-prod") if s.name == "lakehouse-prod-storage"]
    resources = dict(storage.resources)
    signal = {"Handle": {"Ref": "Handle"}, "Timeout": "1"}
    resources["Handle"] = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
    resources["Last"] = {
        "Type": "AWS::CloudFormation::WaitCondition",
        "Properties": signal,
        "DependsOn": list(storage.resources),
    }
    cloudformation = aws.client("cloudformation")
    template = json.dumps({"Resources": resources})
    cloudformation.create_stack(StackName=storage.name, TemplateBody=template)
    while (found := deploy.described(cloudformation, storage.name)) and found["StackStatus"].endswith(
        "GRESS"
    ):
        time.sleep(0.1)
    assert found is not None
    return found["StackStatus"]


def protected(folder: Path) -> dict[str, bool]:
    manifest = json.loads((folder / "assembly-prod" / "manifest.json").read_text())
    properties = [a["properties"] for a in manifest["artifacts"].values() if "stackName" in a["properties"]]
    prefix = "lakehouse-prod-"
    return {p["stackName"].removeprefix(prefix): p.get("terminationProtection", False) for p in properties}


def test_stateful_stacks_and_the_ledger_are_protected_but_not_before_they_are_complete(
    assembly: Assembly, first: Path
) -> None:
    complete = protected(assembly.folder)
    assert {s for s, is_protected in complete.items() if is_protected} == set(STATEFUL)
    assert set(protected(first).values()) == {False}
    for folder, is_protected in ((assembly.folder, True), (first, False)):
        (storage,) = [s for s in stacks(folder / "assembly-prod") if s.name == "lakehouse-prod-storage"]
        tables = [r for r in storage.resources.values() if r["Type"] == "AWS::DynamoDB::GlobalTable"]
        (replica,) = tables[0]["Properties"]["Replicas"]
        assert replica["DeletionProtectionEnabled"] is is_protected


def test_a_failed_first_deployment_leaves_nothing_and_the_next_one_works(
    aws: Session, first: Path, tmp_path: Path
) -> None:
    """The last resource of the storage stack fails: buckets, key and ledger are there by then."""
    s3, dynamodb = aws.client("s3"), aws.client("dynamodb")
    assert created_and_failed(aws, first) == "ROLLBACK_COMPLETE"
    assert [b["Name"] for b in s3.list_buckets()["Buckets"] if "prod" in b["Name"]] == []
    assert dynamodb.list_tables()["TableNames"] == []
    assert never_complete(aws) == STATEFUL
    deploy.deploy_assembly(aws, first / "assembly-prod", tmp_path / "recorded.json")
    assert never_complete(aws) == ()


def test_the_verb_protects_by_a_second_deployment_and_only_what_is_new(
    aws: Session, first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, ...]] = []
    monkeypatch.setitem(environments(), "prod", {**environments()["prod"], "alert_emails": ["a@example.org"]})

    def run(action: str, env: str, extra: list[str], *, pinned: Names, new: tuple[str, ...] = ()) -> int:
        assert (pinned.account, pinned.region) == (ACCOUNT, REGION)
        asked.append(new)
        if not new:
            return 0
        deploy.deploy_assembly(aws, first / "assembly-prod", tmp_path / "recorded.json")
        return 0

    monkeypatch.setattr("cli.cdk_cli.run", run)
    assert main(["deploy", "--env", "prod"]) == 0
    assert main(["deploy", "--env", "prod"]) == 0
    assert asked == [STATEFUL, (), ()]


def test_nothing_is_protected_that_was_only_prepared(aws: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `--no-execute` does; the stacks are in REVIEW_IN_PROGRESS then, or not there."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setitem(environments(), "prod", {**environments()["prod"], "alert_emails": ["a@example.org"]})
    monkeypatch.setattr("cli.cdk_cli.run", lambda *_, pinned, new=(): asked.append(new) or 0)
    assert main(["deploy", "--env", "prod", "--no-execute"]) == 0
    assert asked == [STATEFUL]


def test_an_environment_that_keeps_nothing_is_deployed_once(
    aws: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And needs no look at its stacks."""
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr("cli.cdk_cli.run", lambda *_, pinned, new=(): asked.append(new) or 0)
    assert main(["deploy", "--env", "dev"]) == 0
    assert asked == [()]
