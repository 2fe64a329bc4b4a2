"""The laptop stands for a protected environment with every option: it deploys, and its job says to Lake Formation
which columns are confidential.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli import demo, runs
from local import deploy, toolchain
from local.aws import process
from local.session import laptop_session
from tests.support.everything import assembled

UPDATE = b'{"user_id": 1, "name": "A", "email": "a@example.org", "city": "Rome", "updated_at": "2024-05-01T10:00:00Z"}\n'
TAG = "lakehouse-dev-classification"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The emulation's folder after a file came and a run of its domain ended."""
    toolchain.jars()
    folder = tmp_path_factory.mktemp("aws")
    assembly = assembled(tmp_path_factory.mktemp("cdk"), env="dev", warehouse=None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_WAIT_SCALE", "0.01")
        emulation = process.start(folder)
    try:
        session = laptop_session(emulation)
        deploy.deploy_assembly(session, assembly.folder / "assembly-dev", folder / "recorded.json")
        key = "shop/users_updates/2024-05-01.json"
        session.client("s3").put_object(Bucket=session.names.bucket("raw"), Key=key, Body=UPDATE)
        demo.wait_for_outcomes(session, "shop", {key})
        outcome = runs.follow(session, "shop", runs.start(session, "shop", {}), lambda _: None)
        assert outcome.succeeded, outcome
        yield folder
    finally:
        process.stop(folder)


def test_columns_are_public_or_confidential_as_the_contract_says_and_others_are_unnamed(state: Path) -> None:
    tagged = json.loads((state / "lf_tags.json").read_text())
    users = {column: tags[TAG] for column, tags in tagged["lakehouse_dev_shop_silver/users"].items()}
    assert users == {
        **dict.fromkeys(("name", "email", "phone"), "confidential"),
        **dict.fromkeys(("user_id", "city", "age", "updated_at", "event_date"), "public"),
    }
    assert "lakehouse_dev_shop_silver/order_lines" in tagged


def test_what_the_emulation_has_not_is_recorded(state: Path) -> None:
    recorded = {r["type"] for r in json.loads((state / "recorded.json").read_text())}
    assert {f"AWS::LakeFormation::{kind}" for kind in ("Resource", "Tag", "TagAssociation")} <= recorded
