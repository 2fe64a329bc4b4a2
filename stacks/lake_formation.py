"""What roles may do with the catalog when Lake Formation guards it (AWS Lake Formation Developer Guide,
"Permissions reference").

Locations are not registered with it: Lake Formation decides on metadata, and IAM on the objects, as ever.
"""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

READ, WRITE = ("SELECT", "DESCRIBE"), ("SELECT", "DESCRIBE", "INSERT", "DELETE", "ALTER", "DROP")


def grant_database(
    scope: Construct, role: iam.IRole, account: str, database: str, *, write: bool = False
) -> None:
    """A database and all its tables, those to come too; `write`: also to make and change tables.

    Twice is once.
    """
    verb = "Write" if write else "Read"
    principal = lf.CfnPrincipalPermissions.DataLakePrincipalProperty(
        data_lake_principal_identifier=role.role_arn
    )
    resource, parts = lf.CfnPrincipalPermissions.ResourceProperty, lf.CfnPrincipalPermissions
    itself = resource(database=parts.DatabaseResourceProperty(catalog_id=account, name=database))
    tables = resource(
        table=parts.TableResourceProperty(catalog_id=account, database_name=database, table_wildcard={})
    )
    for part, of, rights in (
        ("Database", itself, ("DESCRIBE", *(("CREATE_TABLE",) if write else ()))),
        ("Tables", tables, WRITE if write else READ),
    ):
        if scope.node.try_find_child(name := f"{verb}-{database}-{part}"):
            continue
        lf.CfnPrincipalPermissions(
            scope,
            name,
            principal=principal,
            resource=of,
            permissions=list(rights),
            permissions_with_grant_option=[],
        )
