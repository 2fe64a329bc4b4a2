"""Names that a stack would give and something else has: mostly what an earlier deployment retained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.doctor.question import Answer, Patient, Question, Verdict, error_code
from cli.doctor.quotas import buckets_of
from shared.contracts import contract
from shared.names import DATA_ZONES, domain_stack

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STEP = "delete what nobody needs, or take it over with `cdk import`: docs/howto/deployment.md"
CRAWLED = "aws glue delete-table --database-name … --name … (no file goes): docs/howto/deployment.md"
RUNS = "runs"  # stacks/received_tables.py
LOG_GROUPS = "/aws/vendedlogs/states/"


def buckets(patient: Patient) -> Iterator[Answer]:
    s3 = patient.session.client("s3")
    found = (
        bucket
        for bucket in sorted(buckets_of(patient.session.names, patient.settings))
        if _is_there(s3, bucket)
    )
    yield from _verdict(patient, "storage", "bucket names", found)


def ledger(patient: Patient) -> Iterator[Answer]:
    dynamodb, name = patient.session.client("dynamodb"), patient.session.names.ledger_table
    missing = dynamodb.exceptions.ResourceNotFoundException
    found = _named(name, lambda: dynamodb.describe_table(TableName=name), missing)
    yield from _verdict(patient, "storage", "ledger's name", found)


def hash_key(patient: Patient) -> Iterator[Answer]:
    """Also one that is to be deleted has its name still, until its last day."""
    secrets, name = patient.session.client("secretsmanager"), patient.session.names.hash_key
    missing = secrets.exceptions.ResourceNotFoundException
    found = _named(name, lambda: secrets.describe_secret(SecretId=name), missing)
    yield from _verdict(patient, "storage", "hash key's name", found)


def _named(name: str, describe: Callable[[], object], missing: type[Exception]) -> Iterator[str]:
    """The name, where something has it."""
    try:
        describe()
    except missing:
        return
    yield name


def databases(patient: Patient) -> Iterator[Answer]:
    names = patient.session.names
    wanted = {names.database(d, zone) for d in patient.settings.chosen_domains for zone in DATA_ZONES}
    pages = patient.session.client("glue").get_paginator("get_databases").paginate()
    there = sorted(d["Name"] for page in pages for d in page["DatabaseList"] if d["Name"] in wanted)
    yield from _verdict(patient, "catalog", "database names", there)


def tables(patient: Patient) -> Iterator[Answer]:
    """Tables over files, of domains that have no stack yet: before decision 34 crawlers made them."""
    chosen = patient.settings.chosen_domains
    missing = [d for d in chosen if not patient.has(domain_stack(d))]
    if not missing or not patient.has("catalog"):
        return
    names, glue = patient.session.names, patient.session.client("glue")
    found = list[str]()
    for domain in missing:
        of_bronze = {d.name for d in contract(domain).datasets if d.files_of is None}
        for zone, wanted in (("bronze", of_bronze), ("metrics", {RUNS})):
            pages = glue.get_paginator("get_tables").paginate(DatabaseName=names.database(domain, zone))
            try:
                there = {table["Name"] for page in pages for table in page["TableList"]}
            except glue.exceptions.EntityNotFoundException:
                continue
            found += [f"{names.database(domain, zone)}.{name}" for name in sorted(wanted & there)]
    yield from _verdict(patient, domain_stack(missing[0]), "table names", found, CRAWLED)


def log_groups(patient: Patient) -> Iterator[Answer]:
    """Of the domains that have no stack yet. Before decision 33 that of the alerts had them all."""
    chosen = patient.settings.chosen_domains
    missing = [d for d in chosen if not patient.has(domain_stack(d))]
    if not missing or (len(missing) == len(chosen) and patient.has("orchestration")):
        return
    wanted = {LOG_GROUPS + patient.session.names.state_machine(d) for d in missing}
    pages = patient.session.client("logs").get_paginator("describe_log_groups")
    prefix = LOG_GROUPS + patient.session.names.name("")
    there = {
        g["logGroupName"] for page in pages.paginate(logGroupNamePrefix=prefix) for g in page["logGroups"]
    }
    yield from _verdict(patient, domain_stack(missing[0]), "log groups' names", sorted(wanted & there))


def _verdict(
    patient: Patient, stack: str, about: str, found: Iterable[str], step: str = STEP
) -> Iterator[Answer]:
    """Asks only where the stack that has them is not there."""
    if patient.stacks is None:
        what = "not known, as it is not known which stacks there are"
        yield Answer(about, Verdict.NOT_ASKED, what, "see the line of the stacks")
    elif not patient.has(stack):
        taken = list(found)
        what = f"taken: {', '.join(taken)}" if taken else "free"
        yield Answer(about, Verdict.REFUSED if taken else Verdict.OK, what, step if taken else "")


def _is_there(s3: S3Client, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) not in ("404", "NoSuchBucket"):
            raise
        return False
    return True


QUESTIONS = (
    Question("bucket names", ("s3:ListBucket",), buckets),
    Question("ledger's name", ("dynamodb:DescribeTable",), ledger),
    Question("hash key's name", ("secretsmanager:DescribeSecret",), hash_key),
    Question("database names", ("glue:GetDatabases",), databases),
    Question("table names", ("glue:GetTables",), tables),
    Question("log groups' names", ("logs:DescribeLogGroups",), log_groups),
)
