"""Where people hear of what went wrong."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from shared.names import ALERT_LETTERS, Names
from stacks.backup import kept
from stacks.base import LakeStack
from stacks.function import dead_letters

UNHAPPY = ("FAILED", "TIMED_OUT", "ABORTED")
NOT_BACKED_UP = ("FAILED", "ABORTED", "EXPIRED", "PARTIAL")


class Alerts(Construct):
    """The topic of an environment. It carries names, counts and the causes of failures, which a library words
    and which may quote what it read; so it has the environment's key, where there is one.
    """

    def __init__(self, stack: LakeStack) -> None:
        super().__init__(stack, "Alerts")
        self._env, self._machines = stack.settings.env, stack.names.machine_arn("")
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=stack.names.alerts_topic,
            display_name="Lakehouse alerts",
            enforce_ssl=True,
            master_key=stack.env_key,
        )
        self.undelivered = dead_letters(self, "Undelivered", stack.names.queue(ALERT_LETTERS), stack.env_key)
        publish = iam.PolicyStatement(
            principals=[
                iam.ServicePrincipal(f"{service}.amazonaws.com")
                for service in ("cloudwatch", "budgets")  # the rules' target lets EventBridge
            ],
            actions=["sns:Publish"],
            resources=[self.topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.names.account}},
        )
        self.topic.add_to_resource_policy(publish)
        for address in stack.settings.alert_emails:
            by_mail = subscriptions.EmailSubscription(address, dead_letter_queue=self.undelivered)
            self.topic.add_subscription(by_mail)

    def on_failed_execution(self) -> events.Rule:
        """Tells how an execution of any of the environment's machines ended and why.

        A rule, not a Catch: so the failed state itself can be redriven.
        """
        pattern = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"status": list(UNHAPPY), "stateMachineArn": [{"prefix": self._machines}]},
        )
        field = events.EventField.from_path
        status, error, cause = (field(f"$.detail.{name}") for name in ("status", "error", "cause"))
        message = (
            f"Run {field('$.detail.name')} {status}\nerror: {error}\ncause: {cause}\nexecution:"
            f" {field('$.detail.executionArn')}\nOnce the cause is gone:"
            f" ./lake redrive DOMAIN --env {self._env}"
        )
        return self._mail("FailedExecution", pattern, message, "Runs that failed, timed out or were stopped")

    def on_failed_backup(self, names: Names) -> events.Rule:
        """Tells of a backup, or a copy of one, that was not made (AWS Backup developer guide, "Monitoring AWS
        Backup events using Amazon EventBridge").
        """
        pattern = events.EventPattern(
            source=["aws.backup"],
            detail_type=["Backup Job State Change", "Copy Job State Change"],
            detail={"state": list(NOT_BACKED_UP), "resourceArn": kept(names)},
        )
        field = events.EventField.from_path
        message = (
            f"{field('$.detail-type')}: {field('$.detail.state')} for {field('$.detail.resourceArn')}\n"
            f"{field('$.detail.statusMessage')}\nUntil one is made the last one is all there is:"
            " docs/howto/runbook.md#a-backup-was-not-made"
        )
        return self._mail("FailedBackup", pattern, message, "Backups and copies of them that were not made")

    def _mail(self, id: str, pattern: events.EventPattern, message: str, description: str) -> events.Rule:
        """Sends a text with fields of the event to the topic."""
        text = events.RuleTargetInput.from_multiline_text(message)
        target = targets.SnsTopic(self.topic, message=text, dead_letter_queue=self.undelivered)
        return events.Rule(self, id, event_pattern=pattern, targets=[target], description=description)
