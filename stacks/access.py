"""What a role may do: one managed policy per role while it fits, and a written reason for every wildcard."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Acknowledgment, Aws, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from shared.contracts import Contract
from shared.ledger import INDEX
from shared.names import WAREHOUSE_ADMIN, Names
from stacks.base import LakeStack
from stacks.lake_formation import grant_classifying, grant_database

SECRET_SUFFIX = "-??????"  # nosec B105: Secrets Manager ends every ARN so
OBJECTS = "actions on objects need a wildcard for the key; scoped to one bucket and prefix"
TABLES = "the tables of one domain and zone are made by its jobs; scoped to that database"
NO_RESOURCE = "the service defines no resource type for this action (Service Authorization Reference)"
# A managed policy has at most 6,144 characters without white space, a role at most ten policies (IAM User
# Guide, "IAM and AWS STS quotas"). Some room is left for ARNs that only the deployment knows.
MOST_CHARACTERS = 5_500
RESOURCES_TOGETHER = 25  # of one statement: of the longest ARNs not half a policy
# each look at Aws is a request to the JavaScript side
SHOWN = {
    Aws.ACCOUNT_ID: "<AWS::AccountId>",
    Aws.REGION: "<AWS::Region>",
    Aws.PARTITION: "<AWS::Partition>",
}


class Access(Construct):
    """A role and its policy, a second where one has no room for it.

    Nothing else may add to the role: `role` ignores the grants that constructs make on their own.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        principal: str | iam.IPrincipal,
        names: Names,
        *more_principals: str,
        role_name: str | None = None,
    ) -> None:
        """`principal`: services by their names, or whoever else may take the role. `role_name`: of a role
        that people look for.
        """
        super().__init__(scope, id)
        self.names = names
        stack = Stack.of(self)
        self._guarded = isinstance(stack, LakeStack) and stack.settings.lake_formation
        trusted = _trusted(names, principal, *more_principals) if isinstance(principal, str) else principal
        own = iam.Role(self, "Role", assumed_by=trusted, role_name=role_name)
        self.role: iam.IRole = own.without_policy_updates()
        self._statements = list[dict[str, Any]]()
        self._wildcards = dict[str, str]()  # resource → why
        if isinstance(stack, LakeStack):
            stack.at_the_end(lambda: self._state(own, id))

    def _state(self, role: iam.Role, id: str) -> None:
        """Makes the policy of all that was allowed, at once: each statement of its own costs requests to the
        JavaScript side. What names each of many domains may take more than one policy.
        """
        for n, statements in enumerate(fitting(self._statements), 1):
            document = iam.PolicyDocument.from_json({"Version": "2012-10-17", "Statement": statements})
            name, what = "Policy" if n == 1 else f"Policy{n}", f"least privilege of {id}"
            policy = iam.ManagedPolicy(self, name, roles=[role], description=what, document=document)
            named = {resource for statement in statements for resource in statement["Resource"]}
            Validations.of(policy).acknowledge(
                *(
                    Acknowledgment(id=_wildcard_finding(resource), reason=why)
                    for resource, why in self._wildcards.items()
                    if resource in named
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

    def read_secret(self, name: str) -> None:
        secret = self.names.arn("secretsmanager", f"secret:{name}{SECRET_SUFFIX}")
        self.allow(["secretsmanager:GetSecretValue"], [secret])

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
        archived = [f"{raw}/{c.domain}/*" for c in contracts if any(d.archive for d in c.datasets)]
        if archived:
            self.allow(["s3:DeleteObject", "s3:DeleteObjectVersion"], archived, why=OBJECTS)
        self.write("bronze", prefix)
        self.write("quarantine", prefix)
        self.write_ledger()
        self.search_ledger()  # the versions of a raw key; whether a dataset has files

    def take_from(self, location: str, key_arn: str | None) -> None:
        """Objects of a source location, wherever it is and with whatever key, their tags (a copy carries them
        along), and the names of what is there.
        """
        if key_arn is not None:
            self.allow(["kms:Decrypt"], [key_arn])
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

    def publish_metrics(self, namespace: str) -> None:
        only = {"StringEquals": {"cloudwatch:namespace": [namespace]}}
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

    def _guard(self, domain: str, zone: str, *, write: bool = False) -> None:
        """The same in Lake Formation, where the environment uses it."""
        if self._guarded:
            grant_database(self, self.role, self.names, domain, zone, write=write)

    def classify_columns(self) -> None:
        """To tag the columns of one's own tables; only where Lake Formation guards the catalog."""
        if self._guarded:
            grant_classifying(self, self.role, self.names)
            self.allow(["lakeformation:AddLFTagsToResource"], ["*"], why=NO_RESOURCE)

    def _catalog(self, domain: str, zone: str) -> list[str]:
        database = self.names.database(domain, zone)
        return [self.names.arn("glue", r) for r in ("catalog", f"database/{database}", f"table/{database}/*")]


def fitting(statements: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The statements as policies of at most MOST_CHARACTERS, in their order."""
    policies: list[list[dict[str, Any]]] = [[]]
    left = MOST_CHARACTERS
    for statement in (part for whole in statements for part in _parts(whole)):
        size = len(_shown(json.dumps(statement, separators=(",", ":")))) + 1
        if size > left and policies[-1]:
            policies.append([])
            left = MOST_CHARACTERS
        policies[-1].append(statement)
        left -= size
    return policies


def _parts(statement: dict[str, Any]) -> list[dict[str, Any]]:
    resources = statement["Resource"]
    cuts = range(0, len(resources), RESOURCES_TOGETHER)
    return [{**statement, "Resource": resources[cut : cut + RESOURCES_TOGETHER]} for cut in cuts]


def _wildcard_finding(resource: str) -> str:
    """The id of cdk-nag's finding on a resource; it writes what only the deployment knows as
    `<AWS::…>`.
    """
    return f"AwsSolutions::AwsSolutions-IAM5[Resource::{_shown(resource)}]"


def _shown(text: str) -> str:
    """About as long as with the account, the region and the partition."""
    for token, shown in SHOWN.items():
        text = text.replace(token, shown)
    return text


def _trusted(names: Names, *services: str) -> iam.IPrincipal:
    of = [iam.ServicePrincipal(s, conditions=_this_account(s, names)) for s in services]
    return of[0] if len(of) == 1 else iam.CompositePrincipal(*of)


def _this_account(service: str, names: Names) -> dict[str, Any] | None:
    """Against the confused deputy: what each service tells of the one it acts for.

    Lambda tells nothing, and of AWS Backup it is not documented.
    """
    if service in ("lambda.amazonaws.com", "backup.amazonaws.com"):
        return None
    if service.startswith(
        "redshift"
    ):  # tells the database user instead ("Restricting access to IAM roles", Redshift management guide)
        user = names.arn("redshift", f"dbuser:serverless-{names.account}-*/{WAREHOUSE_ADMIN}")
        return {"StringLike": {"sts:ExternalId": user}}
    return {"StringEquals": {"aws:SourceAccount": names.account}}
