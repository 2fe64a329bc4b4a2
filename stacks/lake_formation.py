"""What roles may do with the catalog when Lake Formation guards it (AWS Lake Formation Developer Guide,
"Permissions reference").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from shared.classification import CLASSIFICATION, VALUES
from shared.names import Names

READ, WRITE = ("SELECT", "DESCRIBE"), ("SELECT", "DESCRIBE", "INSERT", "DELETE", "ALTER", "DROP")
_parts = lf.CfnPrincipalPermissions


def location(names: Names, domain: str, zone: str) -> str:
    """The place of a domain's tables of a zone, as Lake Formation knows it (stacks/locations.py)."""
    return f"{names.bucket_arn(zone)}/{domain}"


def grant_database(
    scope: Construct, role: iam.IRole, names: Names, domain: str, zone: str, *, write: bool = False
) -> None:
    """A database and all its tables, those to come too; `write`: also to make and change tables, which lie in
    a registered location.

    Twice is once.
    """
    database, verb = names.database(domain, zone), "Write" if write else "Read"
    itself = _parts.ResourceProperty(
        database=_parts.DatabaseResourceProperty(catalog_id=names.account, name=database)
    )
    tables = _parts.ResourceProperty(
        table=_parts.TableResourceProperty(
            catalog_id=names.account, database_name=database, table_wildcard={}
        )
    )
    place = _parts.ResourceProperty(
        data_location=_parts.DataLocationResourceProperty(
            catalog_id=names.account, resource_arn=location(names, domain, zone)
        )
    )
    granted = [
        ("Database", itself, ("DESCRIBE", *(("CREATE_TABLE",) if write else ()))),
        ("Tables", tables, WRITE if write else READ),
        *([("Location", place, ("DATA_LOCATION_ACCESS",))] if write else []),
    ]
    for part, of, rights in granted:
        if not scope.node.try_find_child(name := f"{verb}-{database}-{part}"):
            _grant(scope, name, role, of, rights)


def grant_classifying(scope: Construct, role: iam.IRole, names: Names) -> None:
    """To say of columns what their classification is; who made a table may tag it."""
    tag = _parts.LFTagKeyResourceProperty(
        catalog_id=names.account, tag_key=names.lf_tag(CLASSIFICATION), tag_values=list(VALUES)
    )
    _grant(scope, "Classify", role, _parts.ResourceProperty(lf_tag=tag), ("ASSOCIATE", "DESCRIBE"))


def grant_tagged(
    scope: Construct,
    role: iam.IRole,
    names: Names,
    kind: str,
    tags: Mapping[str, Sequence[str]],
    rights: Sequence[str],
) -> None:
    """What carries all of these tags, now and later. `kind`: `DATABASE`, or `TABLE`, with its columns."""
    policy = _parts.LFTagPolicyResourceProperty(
        catalog_id=names.account,
        resource_type=kind,
        expression=[
            _parts.LFTagProperty(tag_key=names.lf_tag(key), tag_values=list(values))
            for key, values in tags.items()
        ],
    )
    name = "-".join(["Tagged", kind.capitalize(), *(v for values in tags.values() for v in values)])
    _grant(scope, name, role, _parts.ResourceProperty(lf_tag_policy=policy), rights)


def _grant(
    scope: Construct, name: str, role: iam.IRole, of: _parts.ResourceProperty, rights: Sequence[str]
) -> None:
    principal = _parts.DataLakePrincipalProperty(data_lake_principal_identifier=role.role_arn)
    lf.CfnPrincipalPermissions(
        scope,
        name,
        principal=principal,
        resource=of,
        permissions=list(rights),
        permissions_with_grant_option=[],
    )
