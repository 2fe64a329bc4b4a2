"""Buckets, ledger and databases: closed, versioned, and never lost by a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.contracts import domains
from shared.ledger import INDEX
from shared.names import DATA_ZONES
from tests.stack.conftest import ENVS, Assembly
from tests.support.golden import Golden
from tests.support.stateful import WHY, ids_by_domain

HERE = Path(__file__).parent
CORE = HERE / "stateful.json"
OF_DOMAINS = HERE / "stateful"  # a file each


def rules(bucket: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    return found


def zone(assembly: Assembly, name: str, env: str = "prod") -> dict[str, Any]:
    return next(
        r
        for _, r in assembly.resources("AWS::S3::Bucket", env)
        if r["Properties"]["BucketNamePrefix"] == f"lakehouse-{env}-{name}"
    )


def test_every_environment_has_its_buckets(assembly: Assembly) -> None:
    for env in ("dev", "test", "prod"):
        prefixes = assembly.named("AWS::S3::Bucket", "BucketNamePrefix", env)
        audited = ("trail",) if env == "prod" else ()
        assert prefixes == {
            f"lakehouse-{env}-{zone}" for zone in (*DATA_ZONES, "scripts", "logs", "results", *audited)
        }


def test_buckets_are_closed_versioned_encrypted_and_logged(assembly: Assembly) -> None:
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        properties = bucket["Properties"]
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}, place
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}, place
        assert properties["BucketNamespace"] == "account-regional", place
        [encryption] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        by_key = not place.startswith("dev/") and "AccessLogs" not in place and "TrailEvents" not in place
        assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == (
            "aws:kms" if by_key else "AES256"
        ), place
        assert "LoggingConfiguration" in properties or "AccessLogs" in place, place


def test_buckets_and_queues_refuse_plain_http(assembly: Assembly) -> None:
    for kind, policy in (
        ("AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"),
    ):
        closed = set()
        for place, resource in assembly.resources(policy):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Deny" and statement["Condition"].get("Bool") == {
                    "aws:SecureTransport": "false"
                }:
                    targets = resource["Properties"].get("Queues") or [resource["Properties"]["Bucket"]]
                    closed |= {f"{place.rpartition('/')[0]}/{t['Ref']}" for t in targets}
        assert closed == {place for place, _ in assembly.resources(kind)}


def test_only_logs_and_query_results_ever_expire_where_no_contract_says_so(assembly: Assembly) -> None:
    """What a contract says has a prefix of its own (test_retention.py)."""
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        found = [r for r in rules(bucket) if {"ExpirationInDays", "ExpirationDate"} & r.keys()]
        expiring = [r for r in found if not r.get("Prefix", "").removeprefix("archive/").startswith("web/")]
        assert bool(expiring) == any(kind in place for kind in ("AccessLogs", "Results", "TrailEvents")), (
            place
        )


def test_prod_notes_who_read_and_wrote_which_object_of_the_data_buckets(assembly: Assembly) -> None:
    """Data events cost money by the million, so only prod pays for them."""
    [(place, trail)] = assembly.resources("AWS::CloudTrail::Trail")
    properties = trail["Properties"]
    assert place.startswith("prod/storage/")
    assert (properties["IsLogging"], properties["EnableLogFileValidation"]) == (True, True)
    [selector] = properties["AdvancedEventSelectors"]
    fields = {f["Field"]: f.get("Equals") or f["StartsWith"] for f in selector["FieldSelectors"]}
    assert fields["eventCategory"] == ["Data"]
    assert fields["resources.type"] == ["AWS::S3::Object"]
    zones = ("raw", "bronze", "silver", "gold", "quarantine", "metrics")
    assert fields["resources.ARN"] == [
        f"arn:aws:s3:::lakehouse-prod-{zone}-123456789012-us-east-1-an/" for zone in zones
    ]


def test_only_this_trail_may_deliver_to_its_bucket(assembly: Assembly) -> None:
    trail_arn = "arn:aws:cloudtrail:us-east-1:123456789012:trail/lakehouse-prod-objects"
    policies = {
        p: r["Properties"]["PolicyDocument"]["Statement"]
        for p, r in assembly.resources("AWS::S3::BucketPolicy", "prod")
    }
    grants = [
        s
        for p, statements in policies.items()
        for s in statements
        if s["Principal"] == {"Service": "cloudtrail.amazonaws.com"}
    ]
    assert {s["Action"] for s in grants} == {"s3:GetBucketAcl", "s3:PutObject"}
    assert {s["Condition"]["StringEquals"]["aws:SourceArn"] for s in grants} == {trail_arn}


def test_zones_grow_cold_at_their_own_pace_and_iceberg_tables_never(assembly: Assembly) -> None:
    cold = {
        z: [t["TransitionInDays"] for r in rules(zone(assembly, z)) for t in r.get("Transitions", [])]
        for z in DATA_ZONES
    }
    assert cold == {
        "raw": [60],
        "bronze": [120],
        "silver": [],
        "gold": [],
        "quarantine": [30],
        "metrics": [180],
    }


def test_old_versions_and_unfinished_uploads_go(assembly: Assembly) -> None:
    for place, bucket in assembly.resources("AWS::S3::Bucket"):
        tidy = next(r for r in rules(bucket) if r["Id"] == "tidy")
        zone = bucket["Properties"]["BucketNamePrefix"].rpartition("-")[2]
        days = 5 if zone in ("silver", "gold") else 30  # the history of tables is in their snapshots
        assert tidy["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}, place
        assert tidy["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}, place


def test_only_the_raw_bucket_sends_events(assembly: Assembly) -> None:
    sending = {
        p
        for p, b in assembly.resources("AWS::S3::Bucket", "dev")
        if "NotificationConfiguration" in b["Properties"]
    }
    assert len(sending) == 1
    assert zone(assembly, "raw", "dev")["Properties"]["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }


def test_prod_keeps_its_data_whatever_happens_to_its_stacks_once_they_are_complete(
    assembly: Assembly,
) -> None:
    """`Retain` would keep what a failed first creation made, too, and its name would be taken."""
    data = ("AWS::S3::Bucket", "AWS::DynamoDB::GlobalTable", "AWS::Glue::Database", "AWS::KMS::Key")
    for kind in (*data, "AWS::RedshiftServerless::Namespace"):
        for place, resource in assembly.resources(kind):
            policies = (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
            kept = place.startswith("prod/")
            assert policies == (("RetainExceptOnCreate", "Retain") if kept else ("Delete", "Delete")), place


def test_nothing_else_outlives_its_stack_and_no_log_group_does(assembly: Assembly) -> None:
    for (env, stack), template in assembly.stacks.items():
        for id, resource in template["Resources"].items():
            policy = resource.get("DeletionPolicy", "Delete")
            assert policy in ("Delete", "RetainExceptOnCreate"), (env, stack, id)
            if resource["Type"] == "AWS::Logs::LogGroup":
                assert policy == "Delete", (env, stack, id)


def test_the_ledger_can_be_restored_and_found_by_state(assembly: Assembly) -> None:
    for place, table in assembly.resources("AWS::DynamoDB::GlobalTable"):
        properties = table["Properties"]
        assert [(k["AttributeName"], k["KeyType"]) for k in properties["KeySchema"]] == [
            ("pk", "HASH"),
            ("sk", "RANGE"),
        ]
        assert {
            a["AttributeName"]: a["AttributeType"] for a in properties["AttributeDefinitions"]
        } == dict.fromkeys(("pk", "sk", "dataset_id", "state"), "S")
        [index] = properties["GlobalSecondaryIndexes"]
        assert (index["IndexName"], index["Projection"]) == (INDEX, {"ProjectionType": "ALL"})
        assert [(k["AttributeName"], k["KeyType"]) for k in index["KeySchema"]] == [
            ("dataset_id", "HASH"),
            ("state", "RANGE"),
        ]
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        [replica] = properties["Replicas"]
        assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, place


def test_each_environment_has_a_key_of_hashes_that_is_generated_kept_and_never_rotated(
    assembly: Assembly,
) -> None:
    """A property of what is generated that changes makes another key, and every hash that stands is wrong."""
    found = {env: [r for _, r in assembly.resources("AWS::SecretsManager::Secret", env)] for env in ENVS}
    for env, [secret] in found.items():
        properties = secret["Properties"]
        assert properties["Name"] == f"lakehouse-{env}-hash-key"
        assert properties["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
        assert "SecretString" not in properties
        assert ("KmsKeyId" in properties) == (env != "dev")
        kept = ("RetainExceptOnCreate", "Retain") if env == "prod" else ("Delete", "Delete")
        assert (secret["DeletionPolicy"], secret["UpdateReplacePolicy"]) == kept, env
    assert not list(assembly.resources("AWS::SecretsManager::RotationSchedule"))


@pytest.mark.golden
def test_stateful_resources_keep_their_logical_ids(assembly: Assembly, golden: Golden) -> None:
    found = {
        f"{env}/{place}": kind
        for env in ENVS
        for place, kind in ids_by_domain(assembly, env, domains())[None].items()
    }
    golden.compare(CORE, found, WHY)


@pytest.mark.golden
@pytest.mark.parametrize("domain", sorted({*domains(), *(p.stem for p in OF_DOMAINS.glob("*.json"))}))
def test_a_domain_s_stateful_resources_keep_their_logical_ids_in_every_environment(
    assembly: Assembly, golden: Golden, domain: str
) -> None:
    first, *others = [ids_by_domain(assembly, env, domains()).get(domain, {}) for env in ENVS]
    assert [first] * len(others) == others
    golden.compare(OF_DOMAINS / f"{domain}.json", first, WHY)
