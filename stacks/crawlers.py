"""Crawlers for what is schema-on-read: files of bronze, reasons of quarantine, metrics. A run costs at least
ten minutes, so they run on demand.
"""

from __future__ import annotations

import json

from aws_cdk import aws_glue as glue
from constructs import Construct

from shared.contracts import Contract, Dataset
from shared.names import Names
from shared.zones import quarantined_files_prefix, reason_key
from stacks.access import Access
from stacks.base import LakeStack
from stacks.protection import Protection

ZONES = ("bronze", "quarantine", "metrics")


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

    def _crawler(
        self, zone: str, contract: Contract, names: Names, access: Access, protection: str
    ) -> glue.CfnCrawler:
        return glue.CfnCrawler(
            self,
            zone.capitalize(),
            name=names.crawler(contract.domain, zone),
            description=f"{contract.domain}: what is in {zone}",
            role=access.role.role_arn,
            database_name=names.database(contract.domain, zone),
            crawler_security_configuration=protection,
            targets=glue.CfnCrawler.TargetsProperty(
                s3_targets=[_target(zone, d, names) for d in contract.datasets]
            ),
            configuration=_configuration(_folder(zone, contract.datasets[0])),
            recrawl_policy=glue.CfnCrawler.RecrawlPolicyProperty(recrawl_behavior="CRAWL_NEW_FOLDERS_ONLY"),
            schema_change_policy=glue.CfnCrawler.SchemaChangePolicyProperty(
                update_behavior="LOG", delete_behavior="LOG"
            ),
        )


def _target(zone: str, dataset: Dataset, names: Names) -> glue.CfnCrawler.S3TargetProperty:
    path = f"s3://{names.bucket(zone)}/{_folder(zone, dataset)}"
    exclusions = (
        all_but(reason_key("")) if zone == "quarantine" else None
    )  # the files themselves are unreadable
    return glue.CfnCrawler.S3TargetProperty(path=path, exclusions=exclusions)


def _folder(zone: str, dataset: Dataset) -> str:
    if zone == "quarantine":  # only the files: quarantined rows are an Iceberg table
        return quarantined_files_prefix(dataset.domain, dataset.name, dataset.layout)
    return f"{dataset.domain}/{dataset.name}/"


def all_but(ending: str) -> list[str]:
    """Glob patterns that together match every name without this ending: a crawler can
    exclude, not include.
    """
    return [f"**[!{ending[i]}]{ending[i + 1 :]}" for i in reversed(range(len(ending)))]


def _configuration(folder: str) -> str:
    """A table is a dataset, whatever its files look like.

    Levels count from the bucket, which is the first.
    """
    grouping = {
        "TableGroupingPolicy": "CombineCompatibleSchemas",
        "TableLevelConfiguration": 1 + folder.count("/"),
    }
    return json.dumps({"Version": 1.0, "Grouping": grouping}, sort_keys=True)
