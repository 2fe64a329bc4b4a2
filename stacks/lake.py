"""One environment: its stacks, in the order in which they are deployed."""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct

from stacks.analytics import AnalyticsStack
from stacks.base import Lake, LakeStack
from stacks.catalog import CatalogStack
from stacks.domain import DomainStack
from stacks.ingestion import IngestionStack
from stacks.monitoring import MonitoringStack
from stacks.orchestration import OrchestrationStack
from stacks.processing import ProcessingStack
from stacks.storage import StorageStack
from stacks.warehouse import WarehouseStack


class LakeStage(cdk.Stage):
    """All stacks of an environment.

    They know each other by name only (shared/names.py), so each can be deployed alone later.
    """

    def __init__(self, scope: Construct, lake: Lake) -> None:
        boundary = lake.settings.permissions_boundary
        limit = cdk.PermissionsBoundary.from_name(boundary) if boundary else None
        super().__init__(scope, lake.settings.env, permissions_boundary=limit)
        storage = StorageStack(self, lake)
        catalog = CatalogStack(self, lake, key_arn=storage.key_arn)
        ingestion = IngestionStack(self, lake, key_arn=storage.key_arn)
        processing = ProcessingStack(self, lake, key_arn=storage.key_arn)
        orchestration = OrchestrationStack(self, lake, key_arn=storage.key_arn)
        monitoring = MonitoringStack(self, lake)
        analytics = AnalyticsStack(self, lake, key_arn=storage.key_arn)
        domains = [
            DomainStack(self, lake, contract, processing, key_arn=storage.key_arn)
            for contract in lake.contracts
        ]
        stacks: list[LakeStack] = [
            storage,
            catalog,
            ingestion,
            orchestration,
            processing,
            monitoring,
            analytics,
            *domains,
        ]
        if lake.settings.warehouse:
            stacks.append(WarehouseStack(self, lake, key_arn=storage.key_arn))
            stacks[-1].add_stack_dependency(orchestration)
        for stack in stacks:
            stack.complete()
        for stack, first in (
            (catalog, storage),
            (ingestion, storage),
            (orchestration, catalog),
            # An environment of before decision 33 has machines there that call jobs here: they go first.
            (processing, orchestration),
            (monitoring, orchestration),
            (analytics, catalog),
            *((domain, shared) for domain in domains for shared in (processing, monitoring, analytics)),
        ):
            stack.add_stack_dependency(first)
        for name, value in sorted(lake.settings.tags.items()):
            cdk.Tags.of(self).add(name, value)
        cdk.Tags.of(self).add("lakehouse:env", lake.settings.env)
        cdk.Tags.of(self).add("lakehouse:product", lake.settings.prefix)
