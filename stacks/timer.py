"""What the clock starts."""

from __future__ import annotations

from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.access import Access


def add_timer(
    scope: Construct,
    id: str,
    access: Access,
    expression: str,
    target_arn: str,
    *,
    enabled: bool,
    input: str = "{}",
    lost: sqs.Queue | None = None,
    retries: int | None = None,
) -> None:
    """A schedule (cron in UTC, or rate) with the role of `access`.

    `lost`: takes the calls that the target refused. `retries`: how often a refused call is tried again; None
    leaves it to the Scheduler, which tries for a day.
    """
    letters = scheduler.CfnSchedule.DeadLetterConfigProperty(arn=lost.queue_arn) if lost is not None else None
    retry = scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=retries)
    schedule = scheduler.CfnSchedule(
        scope,
        id,
        schedule_expression=expression,
        schedule_expression_timezone="UTC",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        state="ENABLED" if enabled else "DISABLED",
        target=scheduler.CfnSchedule.TargetProperty(
            arn=target_arn,
            role_arn=access.role.role_arn,
            input=input,
            dead_letter_config=letters,
            retry_policy=retry if retries is not None else None,
        ),
    )
    # A role's policy is a resource of its own: without this the first call could come before the right.
    schedule.node.add_dependency(access)
