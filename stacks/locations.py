"""Where Lake Formation guards the catalog it guards the tables' places too: registered locations, and LF-tags
by which people are granted what they may read.

Jobs and COPY go on reading and writing objects by IAM; who has no such right, analysts, reads what
Lake Formation lends (AWS Lake Formation Developer Guide, "Underlying data access control").
"""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_lakeformation as lf
from constructs import Construct

from shared.classification import CLASSIFICATION, CONFIDENTIAL, DOMAIN, PUBLIC, VALUES, ZONE
from stacks.access import Access
from stacks.base import LakeStack

# Gold is made to be read; figures hold no rows. The columns of silver that are public are named by its job.
OF_ZONES = {
    "bronze": CONFIDENTIAL,
    "silver": CONFIDENTIAL,
    "gold": PUBLIC,
    "quarantine": CONFIDENTIAL,
    "metrics": PUBLIC,
}


class Tags(Construct):
    """The keys and values of the environment's LF-tags; only a data lake administrator may make them."""

    def __init__(self, stack: LakeStack, domains: Sequence[str]) -> None:
        super().__init__(stack, "LFTags")
        for key, values in {DOMAIN: domains, ZONE: list(OF_ZONES), CLASSIFICATION: VALUES}.items():
            lf.CfnTag(
                self,
                key.capitalize(),
                catalog_id=stack.names.account,
                tag_key=stack.names.lf_tag(key),
                tag_values=list(values),
            )


class Locations(Construct):
    """The buckets that tables are in, read through one role."""

    def __init__(self, stack: LakeStack, *, key_arn: str | None) -> None:
        super().__init__(stack, "Locations")
        access = Access(self, "Access", "lakeformation.amazonaws.com", stack.names, "glue.amazonaws.com")
        access.use_key(key_arn)
        for zone in OF_ZONES:
            access.read(zone)
            place = lf.CfnResource(
                self,
                zone.capitalize(),
                resource_arn=stack.names.bucket_arn(zone),
                role_arn=access.role.role_arn,
                use_service_linked_role=False,
            )
            place.node.add_dependency(access)


class TaggedDatabases(Construct):
    """The tags of a domain's databases, which their tables inherit; both are of stacks that come before."""

    def __init__(self, stack: LakeStack, domain: str) -> None:
        super().__init__(stack, f"{domain}-guard")
        self._names, self._domain = stack.names, domain
        for zone in OF_ZONES:
            self._tag(zone)

    def _tag(self, zone: str) -> lf.CfnTagAssociation:
        names, account = self._names, self._names.account
        values = {DOMAIN: self._domain, ZONE: zone, CLASSIFICATION: OF_ZONES[zone]}
        parts = lf.CfnTagAssociation
        database = parts.DatabaseResourceProperty(catalog_id=account, name=names.database(self._domain, zone))
        return parts(
            self,
            f"{zone.capitalize()}Tags",
            resource=parts.ResourceProperty(database=database),
            lf_tags=[
                parts.LFTagPairProperty(catalog_id=account, tag_key=names.lf_tag(key), tag_values=[value])
                for key, value in values.items()
            ],
        )
