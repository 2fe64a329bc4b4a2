"""All that must not be lost: the buckets of the zones, the ledger, the key that encrypts the data, and the
key of hashes.
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from shared.names import DATA_ZONES, RESULTS
from stacks.backup import Backups
from stacks.base import Lake, LakeStack
from stacks.buckets import BucketProps, Lifetime, bucket, send_events
from stacks.file_retention import expiring_files
from stacks.hash_key import hash_key
from stacks.keys import let_alerts_encrypt, let_logs_encrypt
from stacks.ledger import ledger_table
from stacks.producers import let_deliver
from stacks.trail import DataTrail

# Silver and gold hold Iceberg tables: only the tables' own maintenance knows which files are still needed, a
# lifecycle rule does not. What that deletes was in no snapshot any more (`snapshot_days`), and costs until
# its old version goes, too: these days are for a file that somebody deleted by mistake before a long weekend.
TABLE_FILES = Lifetime(noncurrent_days=5)
LIFETIMES = {
    "raw": Lifetime(cold_after_days=60),
    "bronze": Lifetime(cold_after_days=120),
    "silver": TABLE_FILES,
    "gold": TABLE_FILES,
    "quarantine": Lifetime(cold_after_days=30),
    "metrics": Lifetime(cold_after_days=180),
    "scripts": Lifetime(),
}


class StorageStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake) -> None:
        super().__init__(
            scope,
            "storage",
            lake,
            description="Lakehouse: buckets of the zones, ledger, keys",
        )
        self.key = self._data_key() if self.settings.customer_key else None
        logs_lifetime = Lifetime(expire_after_days=self.settings.log_days)
        self._logs = bucket(
            self, "AccessLogs", BucketProps(self.names.bucket_prefix("logs"), self.removal, logs_lifetime)
        )
        self.zones = {zone: self._zone(zone) for zone in (*DATA_ZONES, "scripts")}
        send_events(self.zones["raw"])
        for domain, producers in sorted(self.settings.producers.items()):
            let_deliver(self.zones["raw"], self.key, self.names, domain, producers)
        results = Lifetime(expire_after_days=self.settings.query_result_days)
        bucket(
            self,
            "Results",
            BucketProps(self.names.bucket_prefix(RESULTS), self.removal, results, self._logs, self.key),
        )
        if self.settings.audit_objects:
            events = BucketProps(self.names.bucket_prefix("trail"), self.removal, logs_lifetime, self._logs)
            DataTrail(self, bucket(self, "TrailEvents", events), self.key)
        if (backups := self.settings.backup) is not None:
            Backups(self, backups, key_arn=self.key_arn)
        self.ledger = ledger_table(self, self.names.ledger_table, removal=self.removal, guarded=self.guarded)
        hash_key(self, self.names.hash_key, removal=self.removal, key_arn=self.key_arn)
        CfnOutput(
            self,
            "RawBucket",
            value=self.names.bucket("raw"),
            description="Drop files here under <domain>/<dataset>/",
        )

    @property
    def key_arn(self) -> str | None:
        return self.key.key_arn if self.key else None

    def _zone(self, zone: str) -> s3.Bucket:
        props = BucketProps(
            self.names.bucket_prefix(zone),
            self.removal,
            LIFETIMES[zone],
            self._logs,
            self.key,
            expiring_files(zone, self.lake.contracts),
        )
        return bucket(self, zone.capitalize(), props)

    def _data_key(self) -> kms.Key:
        key = kms.Key(
            self,
            "DataKey",
            alias=self.names.name("data"),
            description="Data of the lakehouse",
            enable_key_rotation=True,
            removal_policy=self.removal,
        )
        let_logs_encrypt(key, self.names, "*")
        let_alerts_encrypt(key, self.names)
        return key
