"""The databases of the Glue Data Catalog: one per domain and zone.

Tables are made by the jobs' commits, or over files as they are in the domains' stacks
(stacks/received_tables.py), never here.
"""

from __future__ import annotations

from aws_cdk import aws_glue as glue
from constructs import Construct

from stacks.base import Lake, LakeStack
from stacks.locations import Locations, Tags

ZONES = ("bronze", "silver", "gold", "quarantine", "metrics")


class CatalogStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        super().__init__(scope, "catalog", lake, description="Lakehouse: databases of the Glue Data Catalog")
        if self.settings.lake_formation:
            Tags(self, lake.domains)
            Locations(self, key_arn=key_arn)
        for contract in lake.contracts:
            for zone in ZONES:
                self._database(contract.domain, zone, contract.description)

    def _database(self, domain: str, zone: str, purpose: str) -> glue.CfnDatabase:
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
        return database
