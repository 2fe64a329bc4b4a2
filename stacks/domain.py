"""One domain: its jobs, state machine, schedule, alarms, reports and tables over files, in its own stack.

Whatever grows with the number of domains is here, so that no stack of an environment does.
"""

from __future__ import annotations

from constructs import Construct

from shared.contracts import Contract
from shared.names import DOMAIN_JOBS, domain_stack
from stacks.alarms import add_alarm, domain_alarms
from stacks.analysts import DomainAnalysts
from stacks.analytics import add_reports
from stacks.base import Lake, LakeStack
from stacks.jobs import LakeJob
from stacks.locations import TaggedDatabases
from stacks.pipeline import Pipeline
from stacks.processing import ProcessingStack
from stacks.received_tables import ReceivedTables


class DomainStack(LakeStack):
    """Holds nothing that must not be lost: a domain's databases are of the catalog's stack.

    It can be deleted and made again. Its jobs run what `processing` publishes, under its protection.
    """

    def __init__(
        self,
        scope: Construct,
        lake: Lake,
        contract: Contract,
        processing: ProcessingStack,
        *,
        key_arn: str | None,
    ) -> None:
        domain = contract.domain
        what = f"Lakehouse: jobs, state machine, alarms and reports of {domain}"
        super().__init__(scope, domain_stack(domain), lake, description=what, key_arn=key_arn)
        for stage in DOMAIN_JOBS:
            LakeJob(self, domain, stage, processing.code, processing.protection)
        ReceivedTables(self, contract)
        Pipeline(self, contract, key_arn)
        for alarm in domain_alarms(
            self.names, contract, unknown_column_days=self.settings.unknown_column_days
        ):
            add_alarm(self, alarm, self.names)
        add_reports(self, domain)
        if self.settings.lake_formation:
            TaggedDatabases(self, domain)
        if (analysts := self.settings.analysts.get(domain)) is not None:
            DomainAnalysts(self, contract, analysts, key_arn=key_arn)
