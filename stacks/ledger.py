"""The ledger table (shared/ledger says what is in it)."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as ddb
from constructs import Construct

from shared.ledger import INDEX


def ledger_table(scope: Construct, name: str, *, removal: RemovalPolicy, guarded: bool) -> ddb.TableV2:
    """Losing it would mean ingesting everything again, so it can be restored to any second of the last 35
    days.

    `guarded`: DynamoDB refuses to delete it, whoever asks. It holds names, sizes and counts, never rows:
    DynamoDB's own encryption is enough, and no caller needs a key.
    """
    text = ddb.AttributeType.STRING
    return ddb.TableV2(
        scope,
        "Ledger",
        table_name=name,
        partition_key=ddb.Attribute(name="pk", type=text),
        sort_key=ddb.Attribute(name="sk", type=text),
        global_secondary_indexes=[
            ddb.GlobalSecondaryIndexPropsV2(
                index_name=INDEX,
                partition_key=ddb.Attribute(name="dataset_id", type=text),
                sort_key=ddb.Attribute(name="state", type=text),
                projection_type=ddb.ProjectionType.ALL,
            )
        ],
        billing=ddb.Billing.on_demand(),
        time_to_live_attribute="expires_at",
        point_in_time_recovery_specification=ddb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=guarded,
        removal_policy=removal,
    )
