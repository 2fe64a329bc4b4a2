"""What AWS does not have in every region, each with where it was read (November 2026)."""

from __future__ import annotations

from shared.names import partition_of

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
# S3 user guide, "Namespaces for general purpose buckets": all regions have it but these.
NO_BUCKET_NAMESPACE = ("me-central-1", "me-south-1")
# CloudFormation's own schemas of each region (cfn-lint carries them): no type AWS::Budgets::Budget.
NO_BUDGETS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-3", "ap-south-2", "ap-southeast-3"),
    *("ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2"),
    *("eu-north-1", "eu-south-1", "eu-south-2", "il-central-1", "mx-central-1"),
    *("us-gov-east-1", "us-gov-west-1"),
)
# Redshift management guide, "Considerations when using Amazon Redshift Serverless": three subnets in three
# zones, in this region in two.
TWO_ZONES = ("us-west-1",)
LONGEST_BUCKET = 63  # S3 user guide, "General purpose bucket naming rules"
SHORTEST_REGION = "us-east-1"


def longest_bucket_prefix(region: str | None) -> int:
    """What S3 leaves of a bucket's name to us, which ends in account, region and `an`."""
    return LONGEST_BUCKET - len("-123456789012--an") - len(region or SHORTEST_REGION)


def zones(region: str | None) -> int:
    """Over how many zones the warehouse's network spans."""
    return 2 if region in TWO_ZONES else 3


def lacking(region: str) -> str | None:
    """What makes a region impossible, in words."""
    if partition_of(region) not in PARTITIONS:
        return f"{region} is in the partition {partition_of(region)}, of which nobody has read what it has"
    if region in NO_BUCKET_NAMESPACE:
        return f"{region} has no account-regional bucket names, which all our buckets have"
    return None
