"""Crawlers for what is schema-on-read: files of bronze, reasons of quarantine, metrics. A run costs at least ten minutes, so they run
on demand.
"""

from __future__ import annotations

import json

from aws_cdk import aws_glue as glue
from constructs import Construct

from shared.contracts import Contract
from shared.names import Names
from shared.zones import reason_key
from stacks.access import Access
from stacks.base import LakeStack
from stacks.protection import Protection

ZONES = ("bronze", "quarantine", "metrics")
TABLE_LEVEL = 3  # bucket / domain / dataset: a table is a dataset, whatever its files look like


class DomainCrawlers(Construct):
    """The crawlers of one domain and their common role."""

    def __init__(self, stack: LakeStack, contract: Contract, protection: Protection) -> None:
        super().__init__(stack, f"{contract.domain}-crawlers")
        access = Access(self, "Access", "glue.amazonaws.com", stack.names)
        protection.allow(access)
        for zone in ZONES:
            access.read(zone, f"{contract.domain}/")
            access.write_partitions(contract.domain, zone)
            crawler = self._crawler(zone, contract, stack.names, access, protection.name)
            crawler.node.add_dependency(access, protection)

    def _crawler(self, zone: str, contract: Contract, names: Names, access: Access, protection: str) -> glue.CfnCrawler:
        return glue.CfnCrawler(
            self,
            zone.capitalize(),
            name=names.crawler(contract.domain, zone),
            description=f"{contract.domain}: what is in {zone}",
            role=access.role.role_arn,
            database_name=names.database(contract.domain, zone),
            crawler_security_configuration=protection,
            targets=glue.CfnCrawler.TargetsProperty(s3_targets=[_target(zone, contract.domain, d.name, names) for d in contract.datasets]),
            configuration=_configuration(),
            recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_NEW_FOLDERS_ONLY"),
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(update_behavior="LOG", delete_behavior="LOG"),
        )


def _target(zone: str, domain: str, dataset: str, names: Names) -> glue.CfnCrawler.S3TargetProperty:
    path = f"s3://{names.bucket(zone)}/{domain}/{dataset}/"
    if zone == "quarantine":  # the files themselves are unreadable, and rows/ is an Iceberg table
        return glue.CfnCrawler.S3TargetProperty(path=f"{path}files/", exclusions=all_but(reason_key("")))
    return glue.CfnCrawler.S3TargetProperty(path=path)


def all_but(ending: str) -> list[str]:
    """Glob patterns that together match every name without this ending: a crawler can exclude, not include."""
    return [f"**[!{ending[i]}]{ending[i + 1 :]}" for i in reversed(range(len(ending)))]


def _configuration() -> str:
    grouping = {"TableGroupingPolicy": "CombineCompatibleSchemas", "TableLevelConfiguration": TABLE_LEVEL}
    return json.dumps({"Version": 1.0, "Grouping": grouping}, sort_keys=True)
