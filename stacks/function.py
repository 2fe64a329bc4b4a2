"""A Lambda function as all of ours are made, and the queue of what it could not do."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.accepted import accept
from stacks.access import NO_RESOURCE, Access
from stacks.base import LakeStack
from stacks.packaging import lambda_archive

NO_LETTERS_OF_ITS_OWN = (("AwsSolutions", "3"), ("Serverless", "RedrivePolicy"))


def dead_letters(scope: Construct, id: str, name: str, key: kms.IKey | None = None) -> sqs.Queue:
    """Keeps what was lost for the two weeks that SQS allows.

    `key`: for letters that carry more than names, which SQS's own keys encrypt (stacks/keys.py says who else
    may use it).
    """
    made = sqs.Queue(
        scope,
        id,
        queue_name=name,
        enforce_ssl=True,
        encryption=sqs.QueueEncryption.KMS if key else sqs.QueueEncryption.SQS_MANAGED,
        encryption_master_key=key,
        retention_period=Duration.days(14),
    )
    accept(made, {f"{pack}-SQS{rule}": "takes dead letters itself" for pack, rule in NO_LETTERS_OF_ITS_OWN})
    return made


def python_function(
    scope: Construct,
    id: str,
    name: str,
    access: Access,
    *,
    memory_mb: int,
    timeout: Duration,
    environment: Mapping[str, str],
    lost: sqs.Queue | None = None,
    dependencies: bool = False,
) -> lambda_.Function:
    """The handler of lambdas/<name>, with its own log group, traced.

    It knows its environment by LAKE_PREFIX, _ENV, _ACCOUNT, _REGION.

    `lost`: takes the events of failed calls. `dependencies`: packed with requirements.txt, not with our own
    code alone.
    """
    stack, names = LakeStack.of(scope), access.names
    assert isinstance(stack, LakeStack)
    logs = stack.log_group(f"{name.capitalize()}Logs")
    access.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [logs.log_group_arn])
    access.allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"], why=NO_RESOURCE)
    if lost is not None:
        access.allow(["sqs:SendMessage"], [lost.queue_arn])
    function = lambda_.Function(
        scope,
        id,
        function_name=names.function(name),
        # The wheels are fetched for these two: PYTHON_VERSION and PLATFORMS in packaging.py.
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        handler=f"lambdas.{name}.handler.handler",
        code=lambda_.Code.from_asset(
            str(lambda_archive(stack.lake.build_dir, stack.lake.domains, dependencies=dependencies))
        ),
        role=access.role,
        memory_size=memory_mb,
        timeout=timeout,
        tracing=lambda_.Tracing.ACTIVE,
        log_group=logs,
        logging_format=lambda_.LoggingFormat.JSON,
        dead_letter_queue=lost,
        environment={**names.variables, **environment},
    )
    # Lambda tests a role's rights when it makes a function or an event source, so the policy comes first.
    function.node.add_dependency(access)
    return function
