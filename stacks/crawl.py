"""The function that crawls the film catalogue (lambdas/crawl), and its schedule; only where an environment names a web API."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.accepted import accept
from stacks.access import NO_RESOURCE, Access
from stacks.base import LakeStack
from stacks.config import CrawlSettings
from stacks.packaging import lambda_archive

FOLDER = "search/movies/"
SECRET_SUFFIX = "-??????"  # Secrets Manager ends every ARN so
ACCEPTED = {
    "NIST.800.53.R5-LambdaConcurrency": "called by one schedule; a reservation would take a share from the door",
    "NIST.800.53.R5-LambdaInsideVPC": "needs the internet for the web API, and AWS services by its own role; nothing of a network of ours",
}
NO_LETTERS_OF_ITS_OWN = (("AwsSolutions", "3"), ("Serverless", "RedrivePolicy"))


class CatalogueCrawl(Construct):
    """The API key is a secret that people make and renew; no template holds it."""

    def __init__(self, stack: LakeStack, crawl: CrawlSettings, *, key_arn: str | None) -> None:
        super().__init__(stack, "Crawl")
        names = stack.names
        self.lost = sqs.Queue(
            self,
            "LostCalls",
            queue_name=names.queue("crawl-dlq"),
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            retention_period=Duration.days(14),
        )
        accept(self.lost, {f"{pack}-SQS{rule}": "takes dead letters itself" for pack, rule in NO_LETTERS_OF_ITS_OWN})
        access = Access(self, "Access", "lambda.amazonaws.com", names)
        access.write("raw", FOLDER)
        access.allow(["s3:ListBucket"], [names.bucket_arn("raw")], when={"StringLike": {"s3:prefix": f"{FOLDER}*"}})
        secret = names.arn("secretsmanager", f"secret:{crawl.secret_name}{SECRET_SUFFIX}")
        access.allow(["secretsmanager:GetSecretValue"], [secret])
        access.use_key(key_arn)
        access.allow(["sqs:SendMessage"], [self.lost.queue_arn])
        access.allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"], why=NO_RESOURCE)
        logs = stack.log_group("CrawlLogs")
        access.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs.log_group_arn])
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=names.function("crawl"),
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="lambdas.crawl.handler.handler",
            code=lambda_.Code.from_asset(str(lambda_archive(stack.lake.build_dir, dependencies=False))),
            role=access.role,
            memory_size=256,
            timeout=Duration.minutes(15),
            tracing=lambda_.Tracing.ACTIVE,
            log_group=logs,
            logging_format=lambda_.LoggingFormat.JSON,
            dead_letter_queue=self.lost,
            environment={
                "LAKE_PREFIX": names.prefix,
                "LAKE_ENV": names.env,
                "LAKE_ACCOUNT": names.account,
                "LAKE_REGION": names.region,
                "CRAWL_URL": crawl.url,
                "CRAWL_PAGE_PARAMETER": crawl.page_parameter,
                "CRAWL_SECONDS_BETWEEN": str(crawl.seconds_between),
                "CRAWL_SECRET": crawl.secret_name,
            },
        )
        accept(self.function, ACCEPTED)
        self._on_time(stack, crawl)

    def _on_time(self, stack: LakeStack, crawl: CrawlSettings) -> None:
        access = Access(self, "TimerAccess", "scheduler.amazonaws.com", stack.names)
        access.allow(["lambda:InvokeFunction"], [self.function.function_arn])
        access.allow(["sqs:SendMessage"], [self.lost.queue_arn])
        schedule = scheduler.CfnSchedule(
            self,
            "Daily",
            schedule_expression=crawl.schedule,
            schedule_expression_timezone="UTC",
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            state="ENABLED" if stack.settings.scheduled else "DISABLED",
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self.function.function_arn,
                role_arn=access.role.role_arn,
                input="{}",
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.lost.queue_arn),
            ),
        )
        schedule.node.add_dependency(access)
