"""Backups of what nothing else can bring back, where a protected environment asks for them: raw, bronze,
quarantine and the ledger. Silver, gold and the warehouse are computed from these.
"""

from __future__ import annotations

from aws_cdk import aws_backup as backup
from aws_cdk import aws_kms as kms
from constructs import Construct

from shared.names import Names
from stacks.access import NO_RESOURCE, OBJECTS, Access
from stacks.backup_settings import BackupSettings
from stacks.base import LakeStack

ZONES = ("raw", "bronze", "quarantine")
# The rights of AWSBackupServiceRolePolicyForS3Backup and, for DynamoDB and copies, of
# AWSBackupServiceRolePolicyForBackup, on our resources only (AWS Backup developer guide, "Managed policies").
OF_BUCKETS = (
    *("GetInventoryConfiguration", "PutInventoryConfiguration", "ListBucketVersions", "ListBucket"),
    *("GetBucketVersioning", "GetBucketNotification", "PutBucketNotification", "GetBucketLocation"),
    *("GetBucketTagging", "GetBucketAcl", "ListTagsForResource"),
)
OF_OBJECTS = (
    *("GetObjectAcl", "GetObject", "GetObjectVersionTagging", "GetObjectVersionAcl", "GetObjectTagging"),
    "GetObjectVersion",
)
POINTS = "AWS Backup names a backup when it makes it; of this account and region only"
OF_ITS_RULE = (
    *("DescribeRule", "EnableRule", "PutRule", "DeleteRule", "PutTargets", "RemoveTargets"),
    *("ListTargetsByRule", "DisableRule"),
)


def kept(names: Names) -> list[str]:
    """ARNs of what is backed up."""
    table = names.arn("dynamodb", f"table/{names.ledger_table}")
    return [*(names.bucket_arn(zone) for zone in ZONES), table]


class Backups(Construct):
    """A vault with a key of its own, which outlives the environment's; a plan; and the role that reads."""

    def __init__(self, stack: LakeStack, given: BackupSettings, *, key_arn: str | None) -> None:
        super().__init__(stack, "Backups")
        names = stack.names
        key = kms.Key(
            self,
            "VaultKey",
            enable_key_rotation=True,
            description="Backups of the lakehouse",
            removal_policy=stack.removal,
        )
        vault = backup.CfnBackupVault(
            self, "Vault", backup_vault_name=names.name("backups"), encryption_key_arn=key.key_arn
        )
        vault.apply_removal_policy(stack.removal)
        plan = self._plan(names, given, vault)
        access = self._access(names, key, key_arn, given)
        selection = backup.CfnBackupSelection(
            self,
            "Selection",
            backup_plan_id=plan.attr_backup_plan_id,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                iam_role_arn=access.role.role_arn,
                selection_name="what-nothing-brings-back",
                resources=kept(names),
            ),
        )
        selection.node.add_dependency(access)

    def _plan(
        self, names: Names, given: BackupSettings, vault: backup.CfnBackupVault
    ) -> backup.CfnBackupPlan:
        parts = backup.CfnBackupPlan
        copies = [
            parts.CopyActionResourceTypeProperty(
                destination_backup_vault_arn=vault_arn,
                lifecycle=parts.LifecycleResourceTypeProperty(delete_after_days=given.copy_days),
            )
            for vault_arn in filter(None, [given.copy_to])
        ]
        rule = parts.BackupRuleResourceTypeProperty(
            rule_name="daily",
            target_backup_vault=vault.ref,
            schedule_expression=given.schedule,
            lifecycle=parts.LifecycleResourceTypeProperty(delete_after_days=given.days),
            copy_actions=copies or None,
        )
        plan = parts.BackupPlanResourceTypeProperty(
            backup_plan_name=names.name("backups"), backup_plan_rule=[rule]
        )
        return parts(self, "Plan", backup_plan=plan)

    def _access(self, names: Names, key: kms.Key, key_arn: str | None, given: BackupSettings) -> Access:
        access = Access(self, "Access", "backup.amazonaws.com", names)
        buckets = [names.bucket_arn(zone) for zone in ZONES]
        access.allow([f"s3:{a}" for a in OF_BUCKETS], buckets)
        access.allow([f"s3:{a}" for a in OF_OBJECTS], [f"{b}/*" for b in buckets], why=OBJECTS)
        access.allow(
            [f"events:{a}" for a in OF_ITS_RULE],
            [names.arn("events", "rule/AwsBackupManagedRule*")],
            why="AWS Backup chooses the rest of the name of the rule by which it follows a bucket's events",
        )
        access.allow(["events:ListRules", "s3:ListAllMyBuckets", "tag:GetResources"], ["*"], why=NO_RESOURCE)
        here = {"StringEquals": {"aws:RequestedRegion": names.region}}
        access.allow(
            ["cloudwatch:GetMetricData"], ["*"], when=here, why="S3's metrics of buckets, which have no ARN"
        )
        table = names.arn("dynamodb", f"table/{names.ledger_table}")
        access.allow(
            [
                *("dynamodb:DescribeTable", "dynamodb:CreateBackup"),
                *("dynamodb:StartAwsBackupJob", "dynamodb:ListTagsOfResource"),
            ],
            [table],
        )
        access.allow(
            ["dynamodb:DescribeBackup", "dynamodb:DeleteBackup"],
            [f"{table}/backup/*"],
            why="DynamoDB names a backup; of this table only",
        )
        vaults = [
            names.arn("backup", f"backup-vault:{names.name('backups')}"),
            *filter(None, [given.copy_to]),
        ]
        access.allow(["backup:DescribeBackupVault", "backup:CopyIntoBackupVault"], vaults)
        points = names.arn("backup", "recovery-point:*")
        access.allow(["backup:TagResource"], [points], why=POINTS)  # it takes over the tags of what it keeps
        if given.copy_to is not None:
            _allow_copying(access, points, given.copy_to)
        if key_arn is not None:
            access.allow(["kms:Decrypt", "kms:DescribeKey"], [key_arn])
        access.allow(["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"], [key.key_arn])
        access.allow(["kms:CreateGrant"], [key.key_arn], when={"Bool": {"kms:GrantIsForAWSResource": "true"}})
        return access


def _allow_copying(access: Access, points: str, vault: str) -> None:
    """From our vault into that one, which is encrypted with a key of its own."""
    only = {"ForAllValues:ArnEquals": {"backup:CopyTargets": [vault]}}
    access.allow(["backup:CopyFromBackupVault"], [points], when=only, why=POINTS)
    keys = f"{':'.join(vault.split(':')[:5])}:key/*".replace(":backup:", ":kms:")
    why = "the key of the vault that takes the copies is not told; of its account and region only"
    access.allow(["kms:DescribeKey"], [keys], why=why)
    access.allow(["kms:CreateGrant"], [keys], when={"Bool": {"kms:GrantIsForAWSResource": "true"}}, why=why)
