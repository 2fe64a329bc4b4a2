"""Whether a network that is there already fits the warehouse."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from cli.doctor.question import Answer, Patient, Question, Verdict, error_code
from stacks.regions import zones

ABOUT = "warehouse's network"
PAGE = "docs/howto/warehouse.md"


def existing(patient: Patient) -> Iterator[Answer]:
    """Only where the settings name one."""
    given = patient.settings.existing_network
    if given is None or not patient.settings.warehouse:
        return
    ec2 = patient.session.client("ec2")
    try:
        found = ec2.describe_subnets(SubnetIds=list(given.subnet_ids))["Subnets"]
    except ClientError as error:
        if error_code(error) != "InvalidSubnetID.NotFound":
            raise
        yield Answer(ABOUT, Verdict.REFUSED, "not all subnets of existing_network are there", f"see {PAGE}")
        return
    if elsewhere := sorted(s["SubnetId"] for s in found if s["VpcId"] != given.vpc_id):
        what = f"{', '.join(elsewhere)} is not in {given.vpc_id}"
        yield Answer(ABOUT, Verdict.REFUSED, what, "correct existing_network")
        return
    needed, spanned = zones(patient.session.names.region), {s["AvailabilityZoneId"] for s in found}
    if len(spanned) < needed:
        what = f"the subnets are in {len(spanned)} zones; Redshift needs {needed}"
        yield Answer(ABOUT, Verdict.REFUSED, what, "name subnets of other zones in existing_network")
        return
    service = f"com.amazonaws.{patient.session.names.region}.s3"
    filters = [{"Name": "vpc-id", "Values": [given.vpc_id]}, {"Name": "service-name", "Values": [service]}]
    if ec2.describe_vpc_endpoints(Filters=filters)["VpcEndpoints"]:
        yield Answer(ABOUT, Verdict.OK, f"{given.vpc_id}, with an endpoint of S3")
    else:
        what = f"{given.vpc_id} has no endpoint of S3: COPY needs one, or another way there"
        yield Answer(ABOUT, Verdict.WARNING, what, f"see {PAGE}")


QUESTIONS = (Question(ABOUT, ("ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints"), existing),)
