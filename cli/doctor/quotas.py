"""Whether an environment fits into what the account may have. What is there already counts once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from cli.doctor.question import Answer, Patient, Question, Verdict, error_code
from cli.emptying import ZONES
from local.session import Session
from shared.names import DOMAIN_JOBS, Names, domain_stack
from stacks.config import Settings

QUOTA_RIGHTS = ("servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota")
# Codes of Service Quotas, by service. Step Functions' number of state machines is not among them.
JOBS, TASK_DPUS, FLEX_DPUS = ("glue", "L-611FDDE4"), ("glue", "L-08F3B322"), ("glue", "L-096DBB95")
BUCKETS, VPCS = ("s3", "L-DC2B2D3D"), ("vpc", "L-F678F1CE")
STATE_MACHINES = 100_000  # registered state machines (Step Functions Developer Guide, "Service quotas")
ROLES_OF_A_DOMAIN = 6  # its jobs, state machine, schedule; one more where it has analysts
INGEST_CONCURRENCY = 20  # stacks/ingestion.py lets the queue start so many at once
UNRESERVED = "UnreservedConcurrentExecutions"


def quota(session: Session, service: str, code: str) -> int:
    """What the account may have: as it was raised for it, else AWS's default."""
    client = session.client("service-quotas")
    try:
        found = client.get_service_quota(ServiceCode=service, QuotaCode=code)
    except ClientError as error:
        if error_code(error) != "NoSuchResourceException":
            raise
        found = client.get_aws_default_service_quota(ServiceCode=service, QuotaCode=code)
    return int(found["Quota"]["Value"])


def buckets_of(names: Names, settings: Settings) -> set[str]:
    """The buckets that an environment is to have."""
    return {names.bucket(zone) for zone in ZONES if zone != "trail" or settings.audit_objects}


def jobs_of(names: Names, settings: Settings) -> set[str]:
    """The Glue jobs that an environment is to have."""
    return {names.job(domain, job) for domain in settings.chosen_domains for job in DOMAIN_JOBS}


def jobs(patient: Patient) -> Iterator[Answer]:
    wanted = jobs_of(patient.session.names, patient.settings)
    pages = patient.session.client("glue").get_paginator("list_jobs").paginate()
    there = {name for page in pages for name in page["JobNames"]}
    yield _room("Glue jobs", there, wanted, quota(patient.session, *JOBS))


def dpus(patient: Patient) -> Iterator[Answer]:
    """All domains at once, each with all of its workers: what the schedule may come to."""
    settings = patient.settings
    most = len(settings.chosen_domains) * settings.glue_workers
    limit = quota(patient.session, *(FLEX_DPUS if settings.glue_flex else TASK_DPUS))
    what = f"{most} when all domains run at once (a G.1X worker is one); the account may use {limit}"
    if settings.glue_workers > limit:
        step = "lower glue_workers, or ask Service Quotas for more"
        yield Answer("Glue DPUs", Verdict.REFUSED, f"a job takes {settings.glue_workers}: {what}", step)
    elif most > limit:
        yield Answer(
            "Glue DPUs", Verdict.WARNING, what, "runs wait for each other; Service Quotas gives more"
        )
    else:
        yield Answer("Glue DPUs", Verdict.OK, what)


def concurrency(patient: Patient) -> Iterator[Answer]:
    free = patient.session.client("lambda").get_account_settings()["AccountLimit"][UNRESERVED]
    what = f"{free} functions at once; ingestion takes up to {INGEST_CONCURRENCY}"
    if free < INGEST_CONCURRENCY:
        step = "ask Service Quotas for more (a new account has 10): ingestion is throttled and retries"
        yield Answer("Lambda concurrency", Verdict.WARNING, what, step)
    else:
        yield Answer("Lambda concurrency", Verdict.OK, what)


def state_machines(patient: Patient) -> Iterator[Answer]:
    wanted = {patient.session.names.state_machine(d) for d in patient.settings.chosen_domains}
    pages = patient.session.client("stepfunctions").get_paginator("list_state_machines").paginate()
    there = {machine["name"] for page in pages for machine in page["stateMachines"]}
    yield _room("state machines", there, wanted, STATE_MACHINES)


def roles(patient: Patient) -> Iterator[Answer]:
    """Those of the domains, which are the most; an account may have 1,000 unless somebody asked for more."""
    missing = [d for d in patient.settings.chosen_domains if not patient.has(domain_stack(d))]
    found = patient.session.client("iam").get_account_summary()["SummaryMap"]
    there, limit = found["Roles"], found["RolesQuota"]
    to_come = len(missing) * ROLES_OF_A_DOMAIN + len(set(missing) & set(patient.settings.analysts))
    what = f"{there:,} there, {to_come:,} to come for domains; the account may have {limit:,}"
    if to_come and there + to_come > limit:
        yield Answer("IAM roles", Verdict.REFUSED, what, "delete some, or ask Service Quotas for more")
    else:
        yield Answer("IAM roles", Verdict.OK, what)


def buckets(patient: Patient) -> Iterator[Answer]:
    """Of all regions: S3 counts an account's buckets as a whole."""
    pages = (
        patient.session.client("s3")
        .get_paginator("list_buckets")
        .paginate(PaginationConfig={"PageSize": 1000})
    )
    there = {bucket["Name"] for page in pages for bucket in page["Buckets"]}
    yield _room(
        "buckets",
        there,
        buckets_of(patient.session.names, patient.settings),
        quota(patient.central, *BUCKETS),
    )


def networks(patient: Patient) -> Iterator[Answer]:
    """Only a warehouse has a network."""
    if not patient.settings.warehouse or patient.has("warehouse"):
        return
    pages = patient.session.client("ec2").get_paginator("describe_vpcs").paginate()
    there = {vpc["VpcId"] for page in pages for vpc in page["Vpcs"]}
    yield _room("VPCs", there, {"the warehouse's"}, quota(patient.session, *VPCS))


def _room(about: str, there: set[str], wanted: set[str], limit: int) -> Answer:
    missing = len(wanted - there)
    what = f"{len(there):,} there, {missing:,} to come; the account may have {limit:,}"
    if missing and len(there) + missing > limit:
        return Answer(about, Verdict.REFUSED, what, "delete some, or ask Service Quotas for more")
    return Answer(about, Verdict.OK, what)


def _question(about: str, right: str, ask: Callable[[Patient], Any], *, limited: bool = True) -> Question:
    return Question(about, (right, *(QUOTA_RIGHTS if limited else ())), ask)


QUESTIONS = (
    _question("Glue jobs", "glue:ListJobs", jobs),
    Question("Glue DPUs", QUOTA_RIGHTS, dpus),
    _question("Lambda concurrency", "lambda:GetAccountSettings", concurrency, limited=False),
    _question("state machines", "states:ListStateMachines", state_machines, limited=False),
    _question("IAM roles", "iam:GetAccountSummary", roles, limited=False),
    _question("buckets", "s3:ListAllMyBuckets", buckets),
    _question("VPCs", "ec2:DescribeVpcs", networks),
)
