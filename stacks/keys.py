"""What AWS services may do with the environment's keys."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from shared.names import ALERT_LETTERS, WATCH_LETTERS, Names


def let_logs_encrypt(key: kms.Key, names: Names, groups: str) -> None:
    """CloudWatch Logs may use a key for log groups of this account and a name pattern (its user guide,
    "Encrypt log data"; its name ends as the partition's do).
    """
    service = iam.ServicePrincipal(f"logs.{names.region}.{Aws.URL_SUFFIX}")
    actions = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
    only = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": names.arn("logs", f"log-group:{groups}")}}
    key.add_to_resource_policy(
        iam.PolicyStatement(principals=[service], actions=actions, resources=["*"], conditions=only)
    )


def let_alerts_encrypt(key: kms.Key, names: Names) -> None:
    """What tells of failures may use a key for the alerts' topic and the queues of what could not be told.

    SNS and SQS bind each use to the topic or queue by its encryption context, so nothing else that the key
    encrypts can be read. For topics EventBridge tells no source account (SNS developer guide, "Key
    management": source conditions are not supported for it), so the topic's own policy cannot ask for it.
    """
    topic = {"kms:EncryptionContext:aws:sns:topicArn": names.arn("sns", names.alerts_topic)}
    queues = [names.arn("sqs", names.queue(queue)) for queue in (ALERT_LETTERS, WATCH_LETTERS)]
    ours = {"aws:SourceAccount": names.account}
    for services, only in (
        (("events",), topic),
        (("cloudwatch", "budgets"), {**topic, **ours}),
        (("events", "sns"), {"kms:EncryptionContext:aws:sqs:arn": queues, **ours}),
    ):
        key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in services],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={"StringEquals": only},
            )
        )
