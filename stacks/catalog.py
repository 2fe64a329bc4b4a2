"""The databases of the Glue Data Catalog: one per domain and zone.

Tables are made by the jobs' commits and by crawlers, never here.
"""

from __future__ import annotations

from aws_cdk import aws_glue as glue
from constructs import Construct

from stacks.base import Lake, LakeStack

ZONES = ("bronze", "silver", "gold", "quarantine", "metrics")


class CatalogStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake) -> None:
        super().__init__(
            scope, "catalog", lake, description="Lakehouse: databases of the Glue Data Catalog", stateful=True
        )
        for contract in lake.contracts:
            for zone in ZONES:
                self._database(contract.domain, zone, contract.description)

    def _database(self, domain: str, zone: str, purpose: str) -> None:
        database = glue.CfnDatabase(
            self,
            f"{domain}-{zone}",
            catalog_id=self.names.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.names.database(domain, zone),
                description=f"{domain}, {zone}. {purpose}"[:2048],
                location_uri=f"s3://{self.names.bucket(zone)}/{domain}/",
            ),
        )
        database.apply_removal_policy(self.removal)
