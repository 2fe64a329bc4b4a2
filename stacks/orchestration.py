"""What looks after the runs of all domains: the topic and the alarm when one fails, and the watch."""

from __future__ import annotations

from constructs import Construct

from stacks.alerts import Alerts
from stacks.base import Lake, LakeStack
from stacks.watch import Watch


class OrchestrationStack(LakeStack):
    def __init__(self, scope: Construct, lake: Lake, *, key_arn: str | None) -> None:
        what = "Lakehouse: alerts, and the function that starts runs"
        super().__init__(scope, "orchestration", lake, description=what, key_arn=key_arn)
        self.alerts = Alerts(self)
        self.alerts.on_failed_execution()
        if self.settings.backup is not None:
            self.alerts.on_failed_backup(self.names)
        self.watch = Watch(self, key_arn=key_arn)
