"""Backups of a protected environment: what nothing else brings back, in a vault with its own key, copied away."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from stacks.config import ConfigError, settings
from tests.stack.conftest import Assembly
from tests.support.rights import roles

KEPT = [
    *(f"arn:aws:s3:::lakehouse-full-{z}-123456789012-us-east-1-an" for z in ("raw", "bronze", "quarantine")),
    "arn:aws:dynamodb:us-east-1:123456789012:table/lakehouse-full-ledger",
]
AWAY = "arn:aws:backup:eu-west-1:444455556666:backup-vault:lakehouse-copies"


def only(full: Assembly, kind: str) -> dict[str, Any]:
    [(_, found)] = full.resources(f"AWS::Backup::{kind}", "full")
    return found


def test_no_environment_pays_for_backups_by_default(assembly: Assembly) -> None:
    assert not [
        r for t in assembly.stacks.values() for r in t["Resources"].values() if "Backup::" in r["Type"]
    ]


def test_raw_bronze_quarantine_and_the_ledger_are_kept_and_what_is_computed_is_not(full: Assembly) -> None:
    assert only(full, "BackupSelection")["Properties"]["BackupSelection"]["Resources"] == KEPT


def test_a_backup_is_made_daily_kept_and_copied_away(full: Assembly) -> None:
    [rule] = only(full, "BackupPlan")["Properties"]["BackupPlan"]["BackupPlanRule"]
    assert (rule["ScheduleExpression"], rule["Lifecycle"]) == ("cron(0 2 * * ? *)", {"DeleteAfterDays": 60})
    assert rule["CopyActions"] == [{"DestinationBackupVaultArn": AWAY, "Lifecycle": {"DeleteAfterDays": 90}}]


def test_the_vault_has_its_own_key_and_both_outlive_the_stack(full: Assembly) -> None:
    vault = only(full, "BackupVault")
    key = vault["Properties"]["EncryptionKeyArn"]["Fn::GetAtt"][0]
    kept = full.template("full", "storage")["Resources"][key]
    assert "VaultKey" in key
    assert {r["DeletionPolicy"] for r in (vault, kept)} == {"RetainExceptOnCreate"}


def test_its_role_reads_these_and_writes_and_deletes_no_object(full: Assembly) -> None:
    [role] = [r for r in roles(full, "full") if "Backups" in r.place]
    objects = {r for s in role.statements if "s3:GetObject" in s["Action"] for r in s["Resource"]}
    assert objects == {f"{bucket}/*" for bucket in KEPT[:3]}
    actions = {a for s in role.statements for a in s["Action"]}
    assert not [a for a in actions if a.startswith(("s3:PutObject", "s3:Delete", "dynamodb:DeleteI"))]
    vaults = [s["Resource"] for s in role.statements if "backup:CopyIntoBackupVault" in s["Action"]]
    assert vaults == [[AWAY, "arn:aws:backup:us-east-1:123456789012:backup-vault:lakehouse-full-backups"]]


def test_its_role_has_what_aws_s_own_policies_for_backups_of_these_have(full: Assembly) -> None:
    """As moto has copied them from AWS; they let other services be backed up, too."""
    policies = json.loads(aws_managed_policies_data)
    wanted = set[str]()
    for name in ("AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForBackup"):
        for statement in policies[name]["Document"]["Statement"]:
            action = statement["Action"]
            wanted |= {action} if isinstance(action, str) else set(action)
    ours = ("backup", "cloudwatch", "dynamodb", "events", "s3", "tag")
    [role] = [r for r in roles(full, "full") if "Backups" in r.place]
    had = {a for s in role.statements for a in s["Action"]}
    assert {a for a in wanted if a.partition(":")[0] in ours} - had == set()
    [copying] = [s for s in role.statements if "backup:CopyFromBackupVault" in s["Action"]]
    assert copying["Condition"] == {"ForAllValues:ArnEquals": {"backup:CopyTargets": [AWAY]}}
    keys = [s["Resource"] for s in role.statements if s["Action"] == ["kms:DescribeKey"]]
    assert keys == [["arn:aws:kms:eu-west-1:444455556666:key/*"]]


def test_people_hear_of_a_backup_or_a_copy_that_was_not_made(assembly: Assembly, full: Assembly) -> None:
    """Where nobody watches the vault, the first restore would tell."""

    def rules(of: Assembly) -> list[dict[str, Any]]:
        found = (r["Properties"] for _, r in of.resources("AWS::Events::Rule"))
        return [r for r in found if r.get("EventPattern", {}).get("source") == ["aws.backup"]]

    [rule] = rules(full)
    assert rule["EventPattern"]["detail-type"] == ["Backup Job State Change", "Copy Job State Change"]
    assert rule["EventPattern"]["detail"]["resourceArn"] == KEPT
    assert rule["EventPattern"]["detail"]["state"] == ["FAILED", "ABORTED", "EXPIRED", "PARTIAL"]
    [target] = rule["Targets"]
    assert "Topic" in json.dumps(target["Arn"])
    assert "a-backup-was-not-made" in json.dumps(target["InputTransformer"])
    assert rules(assembly) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"backup": {}}, "backup is an option of a protected environment"),
        ({"protected": True, "backup": {"days": 1}}, "greater than or equal to 7"),
        ({"protected": True, "backup": {"copy_to": "eu-west-1"}}, "String should match pattern"),
        ({"protected": True, "backup": {"weeks": 1}}, "allowed: days, schedule, copy_to, copy_days"),
        (
            {
                "protected": True,
                "account": "444455556666",
                "region": "eu-west-1",
                "backup": {"copy_to": AWAY},
            },
            "a vault of another region or account",
        ),
    ],
)
def test_wrong_backups_are_refused_with_what_is_allowed(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        settings("dev", **given)
