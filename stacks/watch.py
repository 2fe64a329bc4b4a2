"""The function that looks after the pipelines (lambdas/watch), and what wakes it."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from shared.ledger import INDEX
from shared.metrics import NAMESPACE
from shared.names import JOB_LOGS, WATCH_LETTERS
from shared.zones import failures_prefix
from stacks.accepted import accept
from stacks.access import NO_RESOURCE, Access
from stacks.alerts import UNHAPPY
from stacks.base import LakeStack
from stacks.function import dead_letters, python_function
from stacks.timer import add_timer

CHECK_EVERY = "rate(5 minutes)"
MAINTENANCE_TIME = "cron(30 3 ? * SUN *)"  # when the fewest runs wait for the lock
ACCEPTED = {
    "LambdaConcurrency": (
        "called by a clock and by single runs; a reservation would take a share from the ingest function"
    ),
    "LambdaInsideVPC": ("speaks only to AWS services, over TLS, by its own role; needs nothing of a network"),
}
EVERY_DOMAIN = "looks after every domain; scoped to the names of the environment"
ENDED = ("SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR")


class Watch(Construct):
    """Own code only: the runtime has boto3, so the archive is small and starts fast."""

    def __init__(self, stack: LakeStack, *, key_arn: str | None) -> None:
        super().__init__(stack, "Watch")
        self._stack = stack
        self.lost = dead_letters(self, "LostEvents", stack.names.queue(WATCH_LETTERS), stack.env_key)
        self._access = self._rights(key_arn)
        self.function = self._function()
        accept(self.function, ACCEPTED)
        self._on_events()
        self._on_time(key_arn)

    def _rights(self, key_arn: str | None) -> Access:
        names = self._stack.names
        access = Access(self, "Access", "lambda.amazonaws.com", names)
        table = names.arn("dynamodb", f"table/{names.ledger_table}")
        access.allow(["dynamodb:Query"], [f"{table}/index/{INDEX}"])
        for action, items in (("GetItem", "gate#*"), ("Query", "observed#*")):
            only = {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [items]}}
            access.allow([f"dynamodb:{action}"], [table], when=only)
        machines = [names.machine_arn("*")]
        access.allow(["states:StartExecution", "states:ListExecutions"], machines, why=EVERY_DOMAIN)
        access.write("quarantine", failures_prefix("*"))
        access.allow(["glue:GetJobRun"], [names.arn("glue", f"job/{names.name('*')}")], why=EVERY_DOMAIN)
        access.allow(["logs:DescribeLogGroups"], ["*"], why=NO_RESOURCE)
        groups = (f"{JOB_LOGS}*{names.glue_logs}*", f"{names.warehouse_logs}*")
        access.allow(
            ["logs:PutRetentionPolicy"],
            [names.arn("logs", f"log-group:{group}") for group in groups],
            why="Glue and Redshift choose what else is in the names of the environment's log groups",
        )
        access.publish_metrics(NAMESPACE)
        access.use_key(key_arn)
        return access

    def _function(self) -> lambda_.Function:
        settings = self._stack.settings
        return python_function(
            self,
            "Function",
            "watch",
            self._access,
            memory_mb=512,
            timeout=Duration.minutes(2),
            lost=self.lost,
            environment={
                "LAKE_START_FILES": str(settings.start_files),
                "LAKE_START_MINUTES": str(settings.start_minutes),
                "LAKE_RUNS_A_DAY": str(settings.runs_a_day),
                "LAKE_LOG_DAYS": str(settings.log_days),
            },
        )

    def _on_events(self) -> None:
        names = self._stack.names
        self._rule(
            "FailedRun",
            "Keeps the reason of a run that failed",
            source="aws.states",
            kind="Step Functions Execution Status Change",
            detail={"status": list(UNHAPPY), "stateMachineArn": [{"prefix": names.machine_arn("")}]},
        )
        self._rule(
            "EndedJob",
            "Notes what a job's run took",
            source="aws.glue",
            kind="Glue Job State Change",
            detail={"state": list(ENDED), "jobName": [{"prefix": names.name("")}]},
        )

    def _rule(self, id: str, purpose: str, *, source: str, kind: str, detail: dict[str, Any]) -> None:
        pattern = events.EventPattern(source=[source], detail_type=[kind], detail=detail)
        target = targets.LambdaFunction(self.function, dead_letter_queue=self.lost, retry_attempts=20)
        events.Rule(self, id, event_pattern=pattern, targets=[target], description=purpose)

    def _on_time(self, key_arn: str | None) -> None:
        access = Access(self, "TimerAccess", "scheduler.amazonaws.com", self._stack.names)
        access.allow(["lambda:InvokeFunction"], [self.function.function_arn])
        access.allow(["sqs:SendMessage"], [self.lost.queue_arn])
        access.use_key(key_arn)
        function, enabled = self.function.function_arn, self._stack.settings.scheduled
        for task, expression in {"check": CHECK_EVERY, "maintain": MAINTENANCE_TIME}.items():
            add_timer(
                self,
                task.capitalize(),
                access,
                expression,
                function,
                enabled=enabled,
                input=json.dumps({"do": task}),
                lost=self.lost,
            )
