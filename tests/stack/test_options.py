"""Options that no environment uses by default: permissions boundary, Lake Formation, a source location of a
domain, and a receiver of lineage.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import contract
from stacks.alarms import check_promises
from stacks.config import ConfigError, environments, settings

DOMAINS = ("retail", "shop", "web")
KEY = "arn:aws:kms:eu-central-1:210987654321:key/0a1b"
SOURCES = {
    "retail": {"location": "s3://public-copies/retail/", "tables": ["customer", "sales"], "key_arn": KEY}
}
RECEIVER = "https://marquez.example.org/api/v1/lineage"
ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All resources of dev with both options, by stack and logical id."""
    import app

    out: Path = tmp_path_factory.mktemp("options")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            environments(),
            "dev",
            {
                **environments()["dev"],
                "permissions_boundary": "team-limit",
                "lake_formation": True,
                "sources": SOURCES,
                "lineage": {"url": RECEIVER, "secret_name": "marquez/key"},
            },
        )
        app.build(
            ["dev"], context={"local": "true", "account": ACCOUNT, "region": REGION}, outdir=str(out)
        ).synth()
    files = sorted(out.glob("assembly-dev/*.template.json"))
    return {f"{f.stem}/{i}": r for f in files for i, r in json.loads(f.read_text())["Resources"].items()}


def test_a_permissions_boundary_limits_every_role(guarded: dict[str, dict[str, Any]]) -> None:
    roles = [r for r in guarded.values() if r["Type"] == "AWS::IAM::Role"]
    assert roles
    for role in roles:
        limit = json.dumps(role["Properties"].get("PermissionsBoundary"))
        assert f":iam::{ACCOUNT}:policy/team-limit" in limit, role


@pytest.mark.field("38", "Lake Formation grants each role what IAM grants it", "right")
def test_lake_formation_grants_what_iam_grants_on_the_catalog(guarded: dict[str, dict[str, Any]]) -> None:
    """By database: the gold job writes gold, reads silver and follows its announcements there; nobody gets
    ALL or may pass a right on.
    """
    found: dict[str, set[str]] = {}
    for place, resource in guarded.items():
        if resource["Type"] != "AWS::LakeFormation::PrincipalPermissions":
            continue
        properties = resource["Properties"]
        assert properties["PermissionsWithGrantOption"] == [], place
        assert "ALL" not in properties["Permissions"], place
        role = properties["Principal"]["DataLakePrincipalIdentifier"]["Fn::GetAtt"][0]
        if role.startswith("shopsilvertogold"):
            database = (properties["Resource"].get("Database") or {}).get("Name")
            if database:
                found.setdefault(database, set()).update(properties["Permissions"])
    assert found["lakehouse_dev_shop_gold"] == {"DESCRIBE", "CREATE_TABLE"}
    assert "DESCRIBE" in found["lakehouse_dev_shop_silver"]
    assert found.keys() == {"lakehouse_dev_shop_gold", "lakehouse_dev_shop_silver"}


def test_the_bronze_job_of_a_domain_with_a_source_location_is_told_of_it_and_may_read_it_only(
    guarded: dict[str, dict[str, Any]],
) -> None:
    jobs = {
        r["Properties"]["Name"]: r["Properties"]["DefaultArguments"]
        for r in guarded.values()
        if r["Type"] == "AWS::Glue::Job"
    }
    told = {
        name: {k: v for k, v in given.items() if k.startswith("--source")} for name, given in jobs.items()
    }
    place = {"--source": "s3://public-copies/retail/", "--source_tables": "customer,sales"}
    assert {name: given for name, given in told.items() if given} == {
        "lakehouse-dev-retail-bronze-ingest": place
    }
    policies = {
        i: r["Properties"]["PolicyDocument"]["Statement"]
        for i, r in guarded.items()
        if r["Type"] == "AWS::IAM::ManagedPolicy"
    }
    allowed = [
        (i, s)
        for i, statements in policies.items()
        for s in statements
        if any(theirs in json.dumps(s["Resource"]) for theirs in ("public-copies", KEY))
    ]
    assert {i.split("/")[1].partition("Access")[0] for i, _ in allowed} == {"retailbronzeingest"}
    assert [(s["Action"], s["Resource"], s.get("Condition")) for _, s in allowed] == [
        ("kms:Decrypt", KEY, None),
        (["s3:GetObject", "s3:GetObjectTagging"], "arn:aws:s3:::public-copies/retail/*", None),
        ("s3:ListBucket", "arn:aws:s3:::public-copies", {"StringLike": {"s3:prefix": ["retail/*"]}}),
    ]


def test_the_jobs_that_make_tables_are_told_who_gets_lineage_and_may_read_the_key(
    guarded: dict[str, dict[str, Any]],
) -> None:
    told = {
        r["Properties"]["Name"]: r["Properties"]["DefaultArguments"]["--lineage_secret"]
        for r in guarded.values()
        if r["Type"] == "AWS::Glue::Job"
        and r["Properties"]["DefaultArguments"].get("--lineage_url") == RECEIVER
    }
    making = [f"lakehouse-dev-{d}-{s}" for d in DOMAINS for s in ("bronze-to-silver", "silver-to-gold")]
    assert told == dict.fromkeys(making, "marquez/key")
    secret = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:marquez/key-??????"
    readers = {
        i.split("/")[1].partition("Access")[0]: s["Action"]
        for i, r in guarded.items()
        if r["Type"] == "AWS::IAM::ManagedPolicy"
        for s in r["Properties"]["PolicyDocument"]["Statement"]
        if secret in json.dumps(s["Resource"])
    }
    stages = ("bronzetosilver", "silvertogold")
    assert readers == {f"{d}{s}": "secretsmanager:GetSecretValue" for d in DOMAINS for s in stages}


def test_the_gold_job_writes_lineage_and_no_other_metrics(guarded: dict[str, dict[str, Any]]) -> None:
    written = [
        s["Resource"]
        for i, r in guarded.items()
        if r["Type"] == "AWS::IAM::ManagedPolicy" and "shopsilvertogold" in i
        for s in r["Properties"]["PolicyDocument"]["Statement"]
        if "-metrics-" in json.dumps(s["Resource"])
    ]
    assert written == [f"arn:aws:s3:::lakehouse-dev-metrics-{ACCOUNT}-{REGION}-an/shop/open-lineage/*"]


def test_every_run_of_such_a_domain_starts_the_bronze_job(guarded: dict[str, dict[str, Any]]) -> None:
    machines = {
        r["Properties"]["StateMachineName"]: r["Properties"]["DefinitionSubstitutions"]["Delivered"]
        for r in guarded.values()
        if r["Type"] == "AWS::StepFunctions::StateMachine"
    }
    assert {name for name, delivered in machines.items() if delivered == "true"} == {"lakehouse-dev-retail"}


@pytest.mark.parametrize(
    "wrong",
    [{"nobody": {"location": "s3://b-1/"}}, {"retail": {"location": "s3://b-1/", "tables": ["prices"]}}],
)
def test_a_source_of_what_no_contract_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="no contract has"):
        settings("dev", sources=wrong)


@pytest.mark.parametrize(
    ("tables", "named"), [([], "web/ndjson, web/json_gzip, web/xml_errors,"), (["ndjson"], "web/ndjson,")]
)
def test_a_source_of_files_that_stand_for_their_rows_is_refused_with_what_to_do(
    tables: list[str], named: str
) -> None:
    with pytest.raises(ConfigError, match=named) as refused:
        settings("dev", sources={"web": {"location": "s3://b-1/", "tables": tables}})
    assert "put these files into the raw bucket" in str(refused.value)


def test_neither_is_used_by_default() -> None:
    assert {(settings(e).permissions_boundary, settings(e).lake_formation) for e in environments()} == {
        (None, False)
    }
    assert not any(settings(e).sources for e in environments())


def test_a_promise_that_the_runs_of_a_day_cannot_keep_is_refused() -> None:
    """The tests' shop promises 30 hours. At the end of a run data is older than the file waited."""
    given = {"scheduled": True, "alert_emails": ["team@example.org"]}
    shop = replace(contract("shop"), schedule=None)
    datasets = shop.datasets
    for hours, runs_a_day, waits, enough in (
        (5, 4, "6", 5),
        (6, 4, "6", 5),
        (1, 24, "1", 25),
        (24, 1, "24", 2),
    ):
        strict = replace(shop, datasets=tuple(replace(d, freshness_hours=hours) for d in datasets))
        check_promises(settings("dev", **given, runs_a_day=enough), [strict])
        check_promises(settings("dev", scheduled=False, runs_a_day=1), [strict])
        words = f"for {waits} h, and the contract of shop .* {hours} h: set runs_a_day to {enough},"
        with pytest.raises(ConfigError, match=words):
            check_promises(settings("dev", **given, runs_a_day=runs_a_day), [shop, strict])


def test_a_promise_of_a_contract_with_a_schedule_of_its_own_is_not_held_against_the_runs_of_a_day() -> None:
    given = {"scheduled": True, "alert_emails": ["team@example.org"]}
    shop = contract("shop")
    assert shop.schedule
    hourly = replace(shop, datasets=tuple(replace(d, freshness_hours=1) for d in shop.datasets))
    check_promises(settings("dev", **given, runs_a_day=1), [hourly])
