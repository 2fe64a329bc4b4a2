"""The state machine of a domain, all from one definition, and its schedule."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import CfnOutput
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from shared.contracts import Contract
from shared.ledger import INDEX, deferred_id
from shared.names import DOMAIN_JOBS, MAINTENANCE, WAREHOUSE, WAREHOUSE_DATABASE, Names
from shared.zones import LOAD_PLAN, warehouse_key
from stacks.access import NO_RESOURCE, OBJECTS, Access
from stacks.base import LakeStack
from stacks.timer import add_timer

DEFINITION = Path(__file__).parent / "pipelines" / "domain.asl.json"
# Delivery of logs and traces has no resources to name (Step Functions developer guide, "Logging" and
# "X-Ray").
LOG_DELIVERY = (
    "CreateLogDelivery",
    "GetLogDelivery",
    "UpdateLogDelivery",
    "DeleteLogDelivery",
    "ListLogDeliveries",
)
LOG_POLICIES = ("PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups")
TRACING = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")


class Pipeline(Construct):
    """The state machine of one domain, and what starts it."""

    def __init__(self, stack: LakeStack, contract: Contract, key_arn: str | None) -> None:
        super().__init__(stack, f"{contract.domain}-pipeline")
        names, domain = stack.names, contract.domain
        access = self._access(names, domain)
        access.use_key(key_arn)  # for the alerts' topic; and to read the plan of a load
        if stack.settings.warehouse:
            allow_loading(access, domain)
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            state_machine_name=names.state_machine(domain),
            role=access.role,
            definition_body=sfn.DefinitionBody.from_string(DEFINITION.read_text("utf-8")),
            definition_substitutions=substitutions(
                names,
                domain,
                warehouse=stack.settings.warehouse,
                delivered=domain in stack.settings.sources,
                retains=any(t.retention_days for t in contract.silver),
            ),
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=stack.log_group(
                    f"{domain}-logs", f"/aws/vendedlogs/states/{names.state_machine(domain)}"
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        # Step Functions tests the right to deliver logs when it makes the machine, so the policy comes first.
        self.machine.node.add_dependency(access)
        CfnOutput(
            stack,
            f"{domain}-machine",
            value=self.machine.state_machine_arn,
            description=f"Runs {domain}: start, watch, redrive",
        )
        if contract.schedule:
            self._schedule(names, contract.schedule, enabled=stack.settings.scheduled)

    def _access(self, names: Names, domain: str) -> Access:
        access = Access(self, "Access", "states.amazonaws.com", names)
        jobs = [names.arn("glue", f"job/{names.job(domain, stage)}") for stage in DOMAIN_JOBS]
        access.allow(["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"], jobs)
        ledger = names.arn("dynamodb", f"table/{names.ledger_table}")
        for actions, items in {("GetItem",): ("lock", "run"), ("PutItem", "DeleteItem"): ("lock",)}.items():
            only = {
                "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"{item}#{domain}" for item in items]}
            }
            access.allow([f"dynamodb:{a}" for a in actions], [ledger], when=only)
        only = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [deferred_id(domain)]}}
        access.allow(["dynamodb:Query"], [f"{ledger}/index/{INDEX}"], when=only)
        runs = names.execution_arn(domain, "*")
        access.allow(
            ["states:DescribeExecution"],
            [runs],
            why="whether the run that holds the lock is alive; runs of this machine only",
        )
        access.allow(["sns:Publish"], [names.arn("sns", names.alerts_topic)])
        delivery = [f"logs:{a}" for a in (*LOG_DELIVERY, *LOG_POLICIES)]
        access.allow([*delivery, *(f"xray:{a}" for a in TRACING)], ["*"], why=NO_RESOURCE)
        return access

    def _schedule(self, names: Names, expression: str, *, enabled: bool) -> None:
        access = Access(self, "ScheduleAccess", "scheduler.amazonaws.com", names)
        access.allow(["states:StartExecution"], [self.machine.state_machine_arn])
        add_timer(self, "Schedule", access, expression, self.machine.state_machine_arn, enabled=enabled)


def allow_loading(access: Access, domain: str) -> None:
    """The load of gold: its plan, and statements in the environment's warehouse as the administrator whose
    password Redshift keeps.
    """
    names = access.names
    access.allow(["s3:GetObject"], [f"{names.bucket_arn('gold')}/{warehouse_key(domain, '*')}"], why=OBJECTS)
    access.allow(
        ["dynamodb:PutItem", "dynamodb:DeleteItem"],
        [names.arn("dynamodb", f"table/{names.ledger_table}")],
        when={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"load#{domain}"]}},
    )
    ours = {
        "StringEquals": {
            "aws:ResourceTag/lakehouse:env": names.env,
            "aws:ResourceTag/lakehouse:product": names.prefix,
        }
    }
    why = (
        "a workgroup's ARN ends in an id that it gets when it is made; scoped to the environment's by its"
        " tags"
    )
    access.allow(
        ["redshift-data:BatchExecuteStatement"],
        [names.arn("redshift-serverless", "workgroup/*")],
        when=ours,
        why=why,
    )
    access.allow(
        ["redshift-data:DescribeStatement", "redshift-data:GetStatementResult"], ["*"], why=NO_RESOURCE
    )
    secret = names.arn("secretsmanager", f"secret:{names.warehouse_secret}-*")
    access.allow(
        ["secretsmanager:GetSecretValue"],
        [secret],
        why="Secrets Manager ends the name in six random characters",
    )


def substitutions(
    names: Names, domain: str, *, warehouse: bool, delivered: bool, retains: bool
) -> dict[str, str]:
    """What the definition leaves open, by name."""
    return {
        "Partition": names.partition,
        "Domain": domain,
        "LedgerTable": names.ledger_table,
        "LedgerIndex": INDEX,
        "Deferred": deferred_id(domain),
        "Delivered": str(delivered).lower(),
        "Retains": str(retains).lower(),
        "BronzeIngestJob": names.job(domain, "bronze-ingest"),
        "BronzeToSilverJob": names.job(domain, "bronze-to-silver"),
        "SilverToGoldJob": names.job(domain, "silver-to-gold"),
        "MaintenanceJob": names.job(domain, MAINTENANCE),
        "ExecutionArnPrefix": names.execution_arn(domain, ""),
        "Warehouse": names.name(WAREHOUSE) if warehouse else "none",
        "WarehouseDatabase": WAREHOUSE_DATABASE,
        "WarehouseSecret": names.warehouse_secret,
        "GoldBucket": names.bucket("gold"),
        "LoadPlan": warehouse_key(domain, LOAD_PLAN),
        "AlertsTopicArn": names.arn("sns", names.alerts_topic),
    }
