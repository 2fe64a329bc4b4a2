"""Where people hear of what went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from stacks.accepted import accept
from stacks.base import LakeStack
from stacks.function import dead_letters

UNHAPPY = ("FAILED", "TIMED_OUT", "ABORTED")


class Alerts(Construct):
    """The topic of an environment. It carries names, counts and reasons, never rows."""

    def __init__(self, stack: LakeStack) -> None:
        super().__init__(stack, "Alerts")
        self._env = stack.settings.env
        self.topic = sns.Topic(
            self,
            "Topic",
            topic_name=stack.names.alerts_topic,
            display_name="Lakehouse alerts",
            enforce_ssl=True,
        )
        accept(
            self.topic,
            {"NIST.800.53.R5-SNSEncryptedKMS": "carries names, counts and reasons, never rows; TLS only"},
        )
        self.undelivered = dead_letters(self, "Undelivered", stack.names.queue("alerts-dlq"))
        publish = iam.PolicyStatement(
            principals=[
                iam.ServicePrincipal(f"{service}.amazonaws.com")
                for service in ("events", "cloudwatch", "budgets")
            ],
            actions=["sns:Publish"],
            resources=[self.topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.names.account}},
        )
        self.topic.add_to_resource_policy(publish)
        for address in stack.settings.alert_emails:
            self.topic.add_subscription(subscriptions.EmailSubscription(address))

    def on_failed_execution(self, state_machine_arns: Sequence[str]) -> events.Rule:
        """Tells how an execution ended and why.

        A rule, not a Catch: so the failed state itself can be redriven.
        """
        pattern = events.EventPattern(
            source=["aws.states"],
            detail_type=["Step Functions Execution Status Change"],
            detail={"status": list(UNHAPPY), "stateMachineArn": list(state_machine_arns)},
        )
        field = events.EventField.from_path
        status, error, cause = (field(f"$.detail.{name}") for name in ("status", "error", "cause"))
        message = events.RuleTargetInput.from_multiline_text(
            f"Run {field('$.detail.name')} {status}\nerror: {error}\ncause: {cause}\nexecution:"
            f" {field('$.detail.executionArn')}\nOnce the cause is gone:"
            f" ./lake redrive DOMAIN --env {self._env}"
        )
        return events.Rule(
            self,
            "FailedExecution",
            event_pattern=pattern,
            targets=[targets.SnsTopic(self.topic, message=message, dead_letter_queue=self.undelivered)],
            description="Runs that failed, timed out or were stopped",
        )
