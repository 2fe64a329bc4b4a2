"""The analysts of one domain, where an environment names them: a role that may ask and not change, and a
workgroup whose results no other domain's analysts see.
"""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from constructs import Construct

from shared.classification import CLASSIFICATION, DOMAIN, PUBLIC, ZONE
from shared.contracts import Contract, Table
from shared.names import RESULTS
from shared.reports import reports_of
from shared.zones import table_path
from stacks.access import NO_RESOURCE, OBJECTS, TABLES, Access
from stacks.base import LakeStack
from stacks.lake_formation import grant_tagged
from stacks.principals import Analysts, arn_of
from stacks.workgroup import named_query, workgroup

QUERIES = (
    *("StartQueryExecution", "StopQueryExecution", "GetQueryExecution", "BatchGetQueryExecution"),
    *("ListQueryExecutions", "GetQueryResults", "GetQueryResultsStream", "GetQueryRuntimeStatistics"),
    *("GetWorkGroup", "ListNamedQueries", "GetNamedQuery", "BatchGetNamedQuery"),
)
CATALOG = ("GetDataCatalog", "ListDatabases", "GetDatabase", "ListTableMetadata", "GetTableMetadata")
CHOICES = ("ListWorkGroups", "ListDataCatalogs", "ListEngineVersions")  # what the console's lists show
DATABASE = ("glue:GetDatabase", "glue:GetDatabases")
READING = ("glue:GetTable", "glue:GetTables")


class DomainAnalysts(Construct):
    """IAM cannot hide a column from who may read the file that it is in: where Lake Formation guards the
    catalog the role reads no object by itself, and what Lake Formation lends it has no confidential column of
    silver (docs/decisions/0035-analysts-read-columns-by-lake-formation.md).
    """

    def __init__(
        self, stack: LakeStack, contract: Contract, analysts: Analysts, *, key_arn: str | None
    ) -> None:
        super().__init__(stack, f"{contract.domain}-analysts")
        self._stack, self._contract, self._names = stack, contract, stack.names
        name = stack.names.name(f"{contract.domain}-analysts")
        people = [iam.ArnPrincipal(arn_of(p, stack.names.partition)) for p in analysts.principals]
        trusted = iam.CompositePrincipal(*people) if len(people) > 1 else people[0]
        self._access = Access(self, "Access", trusted, stack.names, role_name=name)
        folder = f"{contract.domain}-analysts/"
        group = workgroup(self, stack, name, folder, key_arn=key_arn)
        self._let_ask(name, folder, key_arn)
        if stack.settings.lake_formation:
            self._read_by_tags(silver=analysts.silver)
        else:
            self._read_by_iam(silver=analysts.silver)
        for report in reports_of(contract.domain):
            named_query(self, stack, report, name).node.add_dependency(group)
        CfnOutput(
            stack,
            f"{contract.domain}-analysts-role",
            value=self._access.role.role_arn,
            description=f"Analysts of {contract.domain} take it; their workgroup is {name}",
        )

    def _let_ask(self, name: str, folder: str, key_arn: str | None) -> None:
        access, names = self._access, self._names
        access.allow([f"athena:{a}" for a in QUERIES], [names.arn("athena", f"workgroup/{name}")])
        access.allow([f"athena:{a}" for a in CATALOG], [names.arn("athena", "datacatalog/AwsDataCatalog")])
        access.allow([f"athena:{a}" for a in CHOICES], ["*"], why=NO_RESOURCE)
        access.read(RESULTS, folder)
        access.write(RESULTS, folder)
        parts = f"{names.bucket_arn(RESULTS)}/{folder}*"
        access.allow(["s3:ListMultipartUploadParts"], [parts], why=OBJECTS)
        # Athena asks where its results' bucket is before a query begins.
        access.allow(["s3:GetBucketLocation"], [names.bucket_arn(RESULTS)])
        access.use_key(key_arn)

    def _read_by_iam(self, *, silver: bool) -> None:
        names, domain = self._names, self._contract.domain
        self._see("gold", ["*"])
        self._access.read("gold", f"{domain}/")
        open_tables = [t for t in self._contract.silver if not any(c.confidential for c in t.columns)]
        if silver and open_tables:
            self._see("silver", [t.name for t in open_tables])
            for table in open_tables:
                self._access.read("silver", f"{_path(domain, table)}/")
        zones = ("gold", "silver") if silver and open_tables else ("gold",)
        self._access.allow(["s3:GetBucketLocation"], [names.bucket_arn(zone) for zone in zones])

    def _read_by_tags(self, *, silver: bool) -> None:
        domain, role = {DOMAIN: [self._contract.domain]}, self._access.role
        rights = ("SELECT", "DESCRIBE")
        for zone in ("gold", "silver") if silver else ("gold",):
            self._see(zone, ["*"])
            tags = {**domain, ZONE: [zone]}
            grant_tagged(self, role, self._names, "DATABASE", tags, ("DESCRIBE",))
            only = {CLASSIFICATION: [PUBLIC]} if zone == "silver" else {}
            grant_tagged(self, role, self._names, "TABLE", {**tags, **only}, rights)
        self._access.allow(["lakeformation:GetDataAccess"], ["*"], why=NO_RESOURCE)

    def _see(self, zone: str, tables: list[str]) -> None:
        """A database of the catalog and some of its tables."""
        names, database = self._names, self._names.database(self._contract.domain, zone)
        own = [names.arn("glue", place) for place in ("catalog", f"database/{database}")]
        of = [names.arn("glue", f"table/{database}/{table}") for table in tables]
        self._access.allow([*DATABASE, *READING], [*own, *of], why=TABLES)


def _path(domain: str, table: Table) -> str:
    return table_path(domain, table.zone, table.kind, table.name)
