"""What runs on Glue: the jobs and crawlers of every domain."""

from __future__ import annotations

from constructs import Construct

from shared.names import MAINTENANCE, STAGES
from stacks.base import Lake, LakeStack
from stacks.crawlers import DomainCrawlers
from stacks.jobs import Code, LakeJob
from stacks.protection import Protection


class ProcessingStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        super().__init__(
            scope, "processing", lake, description="Lakehouse: Glue jobs and crawlers of every domain"
        )
        protection, code = Protection(self, key_arn), Code.of(self, (*STAGES, MAINTENANCE))
        for contract in lake.contracts:
            for stage in (*STAGES, MAINTENANCE):
                LakeJob(self, contract.domain, stage, code, protection)
            DomainCrawlers(self, contract, protection)
