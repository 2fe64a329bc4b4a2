"""Regions: what is not everywhere is left out or refused, and no template says in which partition it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from shared.names import Names, partition_of
from stacks.config import ConfigError, settings
from stacks.regions import NO_BUCKET_NAMESPACE, NO_BUDGETS, PARTITIONS
from tests.stack.conftest import ACCOUNT
from tests.support.gate import grammar_faults

BUDGET = "AWS::Budgets::Budget"
US, CHINA, GOVERNMENT = "us-west-1", "cn-north-1", "us-gov-west-1"


def built(folder: Path, context: dict[str, str]) -> list[Path]:
    """The templates of prod."""
    import app

    app.build(["prod"], context={"local": "true", **context}, outdir=str(folder)).synth()
    return sorted(folder.glob("assembly-prod/*.template.json"))


def resources(files: list[Path], kind: str) -> list[dict[str, Any]]:
    every = [r for f in files for r in json.loads(f.read_text())["Resources"].values()]
    return [r["Properties"] for r in every if r["Type"] == kind]


@pytest.mark.parametrize("region", [None, CHINA, GOVERNMENT])
def test_no_template_names_a_partition_that_is_not_its_region_s(region: str | None, tmp_path: Path) -> None:
    """And CloudFormation there knows all that is in it."""
    files = built(tmp_path, {"account": ACCOUNT, "region": region} if region else {})
    assert [f.name for f in files if "arn:aws:" in f.read_text()] == []
    assert [f.name for f in files if f'"logs.{region}.amazonaws.com"' in f.read_text()] == []
    assert grammar_faults(files, region or "us-east-1") == ""
    assert len(resources(files, BUDGET)) == (0 if region == GOVERNMENT else 1)


def test_the_warehouse_spans_the_zones_that_its_region_has_or_those_that_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stacks.config import environments

    for region, ids in ((US, []), ("us-east-1", ["use1-az1", "use1-az2", "use1-az4"])):
        monkeypatch.setitem(environments(), "prod", {**environments()["prod"], "warehouse_zone_ids": ids})
        files = built(tmp_path / region, {"account": ACCOUNT, "region": region})
        subnets = resources(files, "AWS::EC2::Subnet")
        found = [s.get("AvailabilityZoneId") or s["AvailabilityZone"]["Fn::Select"][0] for s in subnets]
        assert found == (ids or [0, 1, 0])


def test_a_region_s_partition_is_the_one_that_aws_s_sdk_says() -> None:
    session = boto3.Session()
    for partition in session.get_available_partitions():
        regions = session.get_available_regions("ec2", partition_name=partition)
        assert {partition_of(region) for region in regions} == {partition}
    assert Names("dev", ACCOUNT, CHINA).arn("sns", "x") == f"arn:aws-cn:sns:{CHINA}:{ACCOUNT}:x"


def test_budgets_are_left_out_where_cloudformation_has_none() -> None:
    possible = {r for r in REGIONS if partition_of(r) in PARTITIONS} - set(NO_BUCKET_NAMESPACE)
    without = {r for r in possible if BUDGET not in PROVIDER_SCHEMA_MANAGER.get_resource_types(r)}
    assert without == set(NO_BUDGETS)


@pytest.mark.parametrize(
    ("region", "given", "message"),
    [
        ("me-south-1", {}, "has no account-regional bucket names"),
        ("eusc-de-east-1", {}, "is in the partition aws-eusc"),
        ("ap-southeast-1", {"prefix": "a-company-of-length"}, "at most 20 fit the name of a bucket in ap-"),
        (US, {"warehouse_zone_ids": ("usw1-az1",) * 3}, "three subnets in 2 zones"),
        ("us-east-1", {"warehouse_zone_ids": ("use1-az1", "use1-az2", "use1-az1")}, "in 3 zones"),
        (CHINA, {"warehouse": True, "interface_endpoints": ("glue",)}, "China names these services"),
    ],
)
def test_what_a_region_cannot_have_is_refused(region: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings("prod", account=ACCOUNT, region=region, **given)
