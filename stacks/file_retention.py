"""Files leave storage when every row that they brought is past its contract's retention.

Of tables in Iceberg no rule deletes a file: only the tables themselves know which they need. So silver and
gold have none, and quarantine only for whole files, which stand beside its tables of rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3

from shared.contracts import Contract
from shared.retention import stored_days
from shared.zones import archive_prefix, quarantined_files_prefix

MOST_RULES = 1000  # of a bucket (Amazon S3, "Setting a lifecycle configuration")


def expiring_files(zone: str, contracts: Sequence[Contract]) -> list[s3.LifecycleRule]:
    """The rules of a zone's bucket, one for each place. Raises ValueError where S3 would take no more."""
    rules = [
        s3.LifecycleRule(id=f"retention-{prefix}", prefix=prefix, expiration=Duration.days(days))
        for contract in contracts
        for prefix, days in _places(zone, contract)
    ]
    if len(rules) > MOST_RULES - 10:  # those that every bucket has
        raise ValueError(
            f"{zone}: {len(rules)} datasets have a retention, for each of which the bucket needs a rule, and"
            f" S3 takes {MOST_RULES}; spread the domains over environments"
        )
    return rules


def _places(zone: str, contract: Contract) -> Iterator[tuple[str, int]]:
    domain = contract.domain
    for dataset in contract.datasets:
        if (days := stored_days(contract, dataset)) is None:
            continue
        match zone:
            case "raw":
                yield f"{domain}/{dataset.name}/", days
            case "bronze":
                yield f"{domain}/{dataset.name}/", days
                yield f"{archive_prefix(domain)}{dataset.name}/", days
            case "quarantine":
                yield quarantined_files_prefix(domain, dataset.name, dataset.layout), days
