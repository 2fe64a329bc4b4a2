"""Options that no environment uses by default: permissions boundary and Lake Formation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.config import ENVIRONMENTS, settings

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All resources of dev with both options, by stack and logical id."""
    import app

    out: Path = tmp_path_factory.mktemp("options")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENTS, "dev", {**ENVIRONMENTS["dev"], "permissions_boundary": "team-limit", "lake_formation": True})
        app.build(["dev"], context={"local": "true", "account": ACCOUNT, "region": REGION}, outdir=str(out)).synth()
    files = sorted(out.glob("assembly-dev/*.template.json"))
    return {f"{f.stem}/{i}": r for f in files for i, r in json.loads(f.read_text())["Resources"].items()}


def test_a_permissions_boundary_limits_every_role(guarded: dict[str, dict[str, Any]]) -> None:
    roles = [r for r in guarded.values() if r["Type"] == "AWS::IAM::Role"]
    assert roles
    for role in roles:
        limit = json.dumps(role["Properties"].get("PermissionsBoundary"))
        assert f":iam::{ACCOUNT}:policy/team-limit" in limit, role


def test_lake_formation_grants_what_iam_grants_on_the_catalog(guarded: dict[str, dict[str, Any]]) -> None:
    """By database: the gold job writes gold, reads silver and follows its announcements there; nobody gets ALL or may pass a right on."""
    found: dict[str, set[str]] = {}
    for place, resource in guarded.items():
        if resource["Type"] != "AWS::LakeFormation::PrincipalPermissions":
            continue
        properties = resource["Properties"]
        assert properties["PermissionsWithGrantOption"] == [], place
        assert "ALL" not in properties["Permissions"], place
        role = properties["Principal"]["DataLakePrincipalIdentifier"]["Fn::GetAtt"][0]
        if role.startswith("ecommercesilvertogold"):
            database = (properties["Resource"].get("Database") or {}).get("Name")
            if database:
                found.setdefault(database, set()).update(properties["Permissions"])
    assert found["lakehouse_dev_ecommerce_gold"] == {"DESCRIBE", "CREATE_TABLE"}
    assert "DESCRIBE" in found["lakehouse_dev_ecommerce_silver"]
    assert found.keys() == {"lakehouse_dev_ecommerce_gold", "lakehouse_dev_ecommerce_silver"}


def test_neither_is_used_by_default() -> None:
    assert {(settings(e).permissions_boundary, settings(e).lake_formation) for e in ENVIRONMENTS} == {(None, False)}
