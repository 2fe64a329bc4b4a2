"""What a role may do: one managed policy per role, and a written reason for every wildcard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Aws, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from shared.contracts import Contract
from shared.ledger import INDEX
from shared.names import WAREHOUSE_ADMIN, Names
from stacks.base import LakeStack
from stacks.lake_formation import grant_database

OBJECTS = "actions on objects need a wildcard for the key; scoped to one bucket and prefix"
TABLES = "the tables of one domain and zone are made by its jobs; scoped to that database"
NO_RESOURCE = "the service defines no resource type for this action (Service Authorization Reference)"
ACCOUNT, REGION = Aws.ACCOUNT_ID, Aws.REGION  # each look at Aws is a request to the JavaScript side


class Access(Construct):
    """A role and its only policy.

    Nothing else may add to the role: `role` ignores the grants that constructs make on their own.
    """

    def __init__(
        self, scope: Construct, id: str, principal: str, names: Names, *more_principals: str
    ) -> None:
        super().__init__(scope, id)
        self.names = names
        stack = Stack.of(self)
        self._guarded = isinstance(stack, LakeStack) and stack.settings.lake_formation
        principals = [
            iam.ServicePrincipal(p, conditions=_this_account(p, names)) for p in (principal, *more_principals)
        ]
        own = iam.Role(
            self, "Role", assumed_by=iam.CompositePrincipal(*principals) if more_principals else principals[0]
        )
        self.role: iam.IRole = own.without_policy_updates()
        self._statements = list[dict[str, Any]]()
        self._wildcards = dict[str, str]()  # resource → why
        if isinstance(stack, LakeStack):
            stack.at_the_end(lambda: self._state(own, id))

    def _state(self, role: iam.Role, id: str) -> None:
        """Makes the policy of all that was allowed, at once: each statement of its own costs requests to the
        JavaScript side.
        """
        document = iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": self._statements})
        policy = iam.ManagedPolicy(
            self, "Policy", roles=[role], description=f"least privilege of {id}", document=document
        )
        Validations.of(policy).acknowledge(
            *(
                Acknowledgment(id=_wildcard_finding(resource), reason=why)
                for resource, why in self._wildcards.items()
            )
        )

    def allow(
        self,
        actions: Sequence[str],
        resources: Sequence[str],
        *,
        when: Mapping[str, Any] | None = None,
        why: str | None = None,
    ) -> None:
        """Grants actions; raises ValueError for a wildcard without `why`."""
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
        self._statements.append(statement | ({"Condition": dict(when)} if when else {}))
        for resource in resources:
            if "*" not in resource:
                continue
            if why is None:
                raise ValueError(
                    f"{self.node.path}: {resource} has a wildcard; say why, or name the resource"
                )
            self._wildcards.setdefault(resource, why)

    # --- buckets --------------------------------------------------------------------------------------------

    def read(self, zone: str, prefix: str = "") -> None:
        """Objects under a prefix of a zone, and the names of what is there."""
        bucket = self.names.bucket_arn(zone)
        # IfExists: a request for a missing object carries no prefix, and is answered 403 instead of 404
        # unless listing is allowed.
        only = {"StringLikeIfExists": {"s3:prefix": [prefix.rstrip("/"), f"{prefix}*"]}} if prefix else None
        self.allow(["s3:GetObject"], [f"{bucket}/{prefix}*"], why=OBJECTS)
        self.allow(["s3:ListBucket"], [bucket], when=only)

    def write(self, zone: str, prefix: str = "", *, delete: bool = False) -> None:
        actions = ["s3:PutObject", "s3:AbortMultipartUpload", *(["s3:DeleteObject"] if delete else [])]
        self.allow(actions, [f"{self.names.bucket_arn(zone)}/{prefix}*"], why=OBJECTS)

    def ingest(self, contracts: Sequence[Contract], prefix: str = "") -> None:
        """What shared/ingestion does with raw objects under a prefix, and with the ledger.

        Tags: a server-side copy carries a producer's tags along and fails without the right to read and write
        them.
        """
        raw, copied = (
            self.names.bucket_arn("raw"),
            [f"{self.names.bucket_arn(z)}/{prefix}*" for z in ("bronze", "quarantine")],
        )
        self.read("raw", prefix)
        self.allow(
            ["s3:GetObjectVersion", "s3:GetObjectTagging", "s3:GetObjectVersionTagging"],
            [f"{raw}/{prefix}*"],
            why=OBJECTS,
        )
        self.allow(["s3:PutObjectTagging"], copied, why=OBJECTS)
        for archiving in (c for c in contracts if any(d.archive for d in c.datasets)):
            self.allow(
                ["s3:DeleteObject", "s3:DeleteObjectVersion"], [f"{raw}/{archiving.domain}/*"], why=OBJECTS
            )
        self.write("bronze", prefix)
        self.write("quarantine", prefix)
        self.write_ledger()
        self.search_ledger()  # the versions of a raw key; whether a dataset has files

    def take_from(self, location: str) -> None:
        """Objects of a source location, wherever it is, their tags (a copy carries them along), and the names
        of what is there.
        """
        bucket, _, prefix = location.removeprefix("s3://").partition("/")
        arn = f"arn:{self.names.partition}:s3:::{bucket}"
        self.allow(["s3:GetObject", "s3:GetObjectTagging"], [f"{arn}/{prefix}*"], why=OBJECTS)
        self.allow(
            ["s3:ListBucket"], [arn], when={"StringLike": {"s3:prefix": [f"{prefix}*"]}} if prefix else None
        )

    def use_key(self, key_arn: str | None) -> None:
        """Data encrypted with the environment's own key, if it has one."""
        if key_arn is not None:
            self.allow(["kms:Decrypt", "kms:GenerateDataKey"], [key_arn])

    def publish_metrics(self, *namespaces: str) -> None:
        only = {"StringEquals": {"cloudwatch:namespace": list(namespaces)}}
        self.allow(["cloudwatch:PutMetricData"], ["*"], when=only, why=NO_RESOURCE)

    # --- ledger ---------------------------------------------------------------------------------------------

    def write_ledger(self) -> None:
        """Claims, outcomes and the contents' owners: items by their keys (shared/ledger)."""
        table = self.names.arn("dynamodb", f"table/{self.names.ledger_table}")
        actions = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"]
        self.allow([f"dynamodb:{action}" for action in actions], [table])

    def search_ledger(self) -> None:
        """Files by their state and by their name."""
        table = self.names.arn("dynamodb", f"table/{self.names.ledger_table}")
        self.allow(["dynamodb:Query"], [table, f"{table}/index/{INDEX}"])

    def see_lock(self, domain: str) -> None:
        """Which run owns a domain, and nothing else of the ledger."""
        only = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"lock#{domain}"]}}
        self.allow(
            ["dynamodb:GetItem"], [self.names.arn("dynamodb", f"table/{self.names.ledger_table}")], when=only
        )

    # --- catalog --------------------------------------------------------------------------------------------

    def read_tables(self, domain: str, zone: str) -> None:
        """Iceberg tables: their partitions are in their own metadata, not in the catalog."""
        actions = ["glue:GetDatabase", "glue:GetTable", "glue:GetTables"]
        self.allow(actions, self._catalog(domain, zone), why=TABLES)
        self._guard(domain, zone)

    def write_tables(self, domain: str, zone: str) -> None:
        self.read_tables(domain, zone)
        self._guard(domain, zone, write=True)
        self.allow(
            ["glue:CreateTable", "glue:UpdateTable", "glue:DeleteTable"],
            self._catalog(domain, zone),
            why=TABLES,
        )

    def update_table(self, domain: str, zone: str, table: str) -> None:
        """New snapshots of one existing table.

        Lake Formation cannot name a table before it is there: IAM is the narrower here.
        """
        self._guard(domain, zone, write=True)
        database = self.names.database(domain, zone)
        places = ("catalog", f"database/{database}", f"table/{database}/{table}")
        self.allow(["glue:UpdateTable"], [self.names.arn("glue", place) for place in places])

    def write_partitions(self, domain: str, zone: str) -> None:
        """What a crawler does to its database."""
        self.write_tables(domain, zone)
        actions = [
            f"glue:{verb}Partition"
            for verb in ("BatchCreate", "BatchUpdate", "BatchDelete", "BatchGet", "Update", "Get")
        ]
        actions.append("glue:GetPartitions")
        self.allow(actions, self._catalog(domain, zone), why=TABLES)

    def _guard(self, domain: str, zone: str, *, write: bool = False) -> None:
        """The same in Lake Formation, where the environment uses it."""
        if self._guarded:
            grant_database(
                self, self.role, self.names.account, self.names.database(domain, zone), write=write
            )

    def _catalog(self, domain: str, zone: str) -> list[str]:
        database = self.names.database(domain, zone)
        return [self.names.arn("glue", r) for r in ("catalog", f"database/{database}", f"table/{database}/*")]


def _wildcard_finding(resource: str) -> str:
    """The id of cdk-nag's finding on a resource; it writes the account and region of the deployment as
    `<AWS::…>`.
    """
    shown = resource.replace(ACCOUNT, "<AWS::AccountId>").replace(REGION, "<AWS::Region>")
    return f"AwsSolutions::AwsSolutions-IAM5[Resource::{shown}]"


def _this_account(service: str, names: Names) -> dict[str, Any] | None:
    """Against the confused deputy: what each service tells of the one it acts for. Lambda tells nothing."""
    if service == "lambda.amazonaws.com":
        return None
    if service.startswith(
        "redshift"
    ):  # tells the database user instead ("Restricting access to IAM roles", Redshift management guide)
        user = names.arn("redshift", f"dbuser:serverless-{names.account}-*/{WAREHOUSE_ADMIN}")
        return {"StringLike": {"sts:ExternalId": user}}
    return {"StringEquals": {"aws:SourceAccount": names.account}}
