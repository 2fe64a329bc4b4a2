"""Buckets, ledger and databases: closed, versioned, and never lost by a deployment."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from shared.ledger import INDEX
from shared.names import DATA_ZONES
from tests.stack.conftest import Assembly

GOLDEN = Path(__file__).parent / "stateful.json"
STATEFUL = ("AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable", "AWS::Glue::Database", "AWS::KMS::Key", "AWS::SQS::Queue", "AWS::SNS::Topic")


def rules(bucket: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    return found


def zone(assembly: Assembly, name: str, env: str = "prod") -> dict[str, Any]:
    return next(
        r for _, r in assembly.resources("AWS::S3::Bucket", env) if r["Properties"]["BucketNamePrefix"] == f"lakehouse-{env}-{name}"
    )


def test_every_environment_has_its_buckets(assembly: Assembly) -> None:
    for env in ("dev", "test", "prod"):
        prefixes = assembly.named("AWS::S3::Bucket", "BucketNamePrefix", env)
        assert prefixes == {f"lakehouse-{env}-{zone}" for zone in (*DATA_ZONES, "scripts", "logs", "results")}


def test_buckets_are_closed_versioned_encrypted_and_logged(assembly: Assembly) -> None:
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, place
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, place
        assert properties["BucketNamespace"] == "account-regional", place
        [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_key = place.startswith("prod/") and "AccessLogs" not in place
        assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == ("aws:kms" if by_key else "AES256"), place
        assert "LoggingConfiguration" in properties or "AccessLogs" in place, place


def test_buckets_and_queues_refuse_plain_http(assembly: Assembly) -> None:
    for kind, policy in (("AWS::S3::Bucket", "AWS::S3::BucketPolicy"), ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy")):
        closed = set()
        for place, resource in assembly.resources(policy):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Deny" and statement["Condition"].get("Bool") == {"aws:SecureTransport": "false"}:
                    targets = resource["Properties"].get("Queues") or [resource["Properties"]["Bucket"]]
                    closed |= {f"{place.rpartition('/')[0]}/{t['Ref']}" for t in targets}
        assert closed == {place for place, _ in assembly.resources(kind)}


def test_only_access_logs_and_query_results_ever_expire(assembly: Assembly) -> None:
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        expiring = [r for r in rules(bucket) if {"ExpirationInDays", "ExpirationDate"} & r.keys()]
        assert bool(expiring) == ("AccessLogs" in place or "Results" in place), place


def test_zones_grow_cold_at_their_own_pace_and_iceberg_tables_never(assembly: Assembly) -> None:
    cold = {z: [t["TransitionInDays"] for r in rules(zone(assembly, z)) for t in r.get("Transitions", [])] for z in DATA_ZONES}
    assert cold == {"raw": [60], "bronze": [120], "silver": [], "gold": [], "quarantine": [30], "metrics": [180]}


def test_old_versions_and_unfinished_uploads_go(assembly: Assembly) -> None:
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        tidy = next(r for r in rules(bucket) if r["Id"] == "tidy")
        assert tidy["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}, place
        assert tidy["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}, place


def test_only_the_raw_bucket_sends_events(assembly: Assembly) -> None:
    sending = {p for p, b in assembly.resources("AWS::S3::Bucket", "dev") if "NotificationConfiguration" in b["Properties"]}
    assert len(sending) == 1
    assert zone(assembly, "raw", "dev")["Properties"]["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_prod_keeps_its_data_whatever_happens_to_its_stacks(assembly: Assembly) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable", "AWS::Glue::Database", "AWS::KMS::Key"):
        for place, resource in assembly.resources(kind):
            kept = place.startswith("prod/")
            assert resource["DeletionPolicy"] == ("Retain" if kept else "Delete"), place
            assert resource["UpdateReplacePolicy"] == ("Retain" if kept else "Delete"), place


def test_the_ledger_can_be_restored_and_found_by_state(assembly: Assembly) -> None:
    for place, table in assembly.resources("AWS::DynamoDB::GlobalTable"):
        properties = table["Properties"]
        assert [(k["AttributeName"], k["KeyType"]) for k in properties["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
        assert {a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]} == dict.fromkeys(
            ("pk", "sk", "dataset_id", "state"), "S"
        )
        [index] = properties["GlobalSecondaryIndexes"]
        assert (index["IndexName"], index["Projection"]) == (INDEX, {"ProjectionType": "ALL"})
        assert [(k["AttributeName"], k["KeyType"]) for k in index["KeySchema"]] == [("dataset_id", "HASH"), ("state", "RANGE")]
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        [replica] = properties["Replicas"]
        assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, place


def test_stateful_resources_keep_their_logical_ids(assembly: Assembly) -> None:
    """A changed id would make CloudFormation replace the resource. New ones: run with UPDATE_GOLDEN=1 and look at the diff."""
    found = {place: kind for kind in STATEFUL for place, _ in assembly.resources(kind)}
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")
    assert found == json.loads(GOLDEN.read_text())
