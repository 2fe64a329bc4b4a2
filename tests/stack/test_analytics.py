"""Athena: limits that hold for everyone, results that expire, and the reports of the domains."""

from __future__ import annotations

import json

import pytest

from tests.stack.conftest import ENVS, Assembly


@pytest.mark.parametrize("env", ENVS)
def test_the_workgroup_enforces_its_limits_on_everyone(assembly: Assembly, env: str) -> None:
    [(_, workgroup)] = assembly.resources("AWS::Athena::WorkGroup", env)
    given = workgroup["Properties"]["WorkGroupConfiguration"]
    assert workgroup["Properties"]["Name"] == f"lakehouse-{env}-athena"
    assert (given["EnforceWorkGroupConfiguration"], given["PublishCloudWatchMetricsEnabled"]) == (True, True)
    assert given["EngineVersion"] == {"SelectedEngineVersion": "Athena engine version 3"}
    assert given["BytesScannedCutoffPerQuery"] == {"dev": 10, "test": 10, "prod": 200}[env] * 1_073_741_824


@pytest.mark.parametrize(("env", "option"), [("dev", "SSE_S3"), ("test", "SSE_KMS"), ("prod", "SSE_KMS")])
def test_results_are_encrypted_and_land_in_their_own_bucket(
    assembly: Assembly, env: str, option: str
) -> None:
    [(_, workgroup)] = assembly.resources("AWS::Athena::WorkGroup", env)
    results = workgroup["Properties"]["WorkGroupConfiguration"]["ResultConfiguration"]
    assert results["EncryptionConfiguration"]["EncryptionOption"] == option
    assert results["OutputLocation"] == f"s3://lakehouse-{env}-results-123456789012-us-east-1-an/"


def test_results_expire_sooner_where_they_are_experiments(assembly: Assembly) -> None:
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        if bucket["Properties"]["BucketNamePrefix"].endswith("-results"):
            rules = {r["Id"]: r for r in bucket["Properties"]["LifecycleConfiguration"]["Rules"]}
            assert rules["expire"]["ExpirationInDays"] == (30 if place.startswith("prod/") else 7)


def test_every_domain_s_reports_are_named_queries_on_full_database_names(assembly: Assembly) -> None:
    queries = {
        q["Properties"]["Name"]: q["Properties"]
        for _, q in assembly.resources("AWS::Athena::NamedQuery", "test")
    }
    assert {"shop: daily revenue", "shop: user ltv", "web: daily activity"} <= queries.keys()
    assert "FROM lakehouse_test_shop_gold.user_ltv l" in queries["shop: user ltv"]["QueryString"]
    for query in queries.values():
        assert query["WorkGroup"] == "lakehouse-test-athena"
        assert " gold." not in query["QueryString"]
        assert " silver." not in query["QueryString"]
        assert len(query["Description"]) > 20


def test_no_named_query_depends_on_the_account(assembly: Assembly) -> None:
    for _, query in assembly.resources("AWS::Athena::NamedQuery"):
        assert "123456789012" not in json.dumps(query["Properties"])
