"""What an account must have before anything is deployed into it."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from cli.doctor.question import Answer, Patient, Question, Verdict, error_code
from local.deploy import BOOTSTRAP_PARAMETER
from shared.names import DATA_ZONES

BOOTSTRAP_VERSION = 6  # the templates' own rule; tests/stack/test_doctor.py compares
SERVICES = (
    *("athena", "cloudformation", "cloudwatch", "dynamodb", "events", "glue", "kms", "lambda"),
    *("logs", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "stepfunctions"),
)
WAREHOUSE_SERVICES = ("redshift-data", "redshift-serverless")
ALL_MAY = "IAM_ALLOWED_PRINCIPALS"  # Lake Formation's name for "IAM alone decides"
PAGE, ANALYSTS = "docs/howto/deployment.md", "docs/howto/analysts.md"


def account(patient: Patient) -> Iterator[Answer]:
    names = patient.session.names
    where = f"account {names.account}, region {names.region}"
    if patient.settings.account:
        yield Answer("account", Verdict.OK, f"{where}, as pinned")
        return
    step = "pin `account` and `region` in environments.toml: with other credentials a deployment then fails"
    yield Answer("account", Verdict.WARNING, f"{where}, which the settings do not pin", step)


def bootstrap(patient: Patient) -> Iterator[Answer]:
    command = f"./lake deploy --env {patient.settings.env} --bootstrap"
    ssm = patient.session.client("ssm")
    try:
        version = int(ssm.get_parameter(Name=BOOTSTRAP_PARAMETER)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        yield Answer("bootstrap", Verdict.REFUSED, "the account is not bootstrapped in this region", command)
        return
    found = f"version {version}; {BOOTSTRAP_VERSION} at least is needed"
    if version < BOOTSTRAP_VERSION:
        yield Answer("bootstrap", Verdict.REFUSED, found, command)
    else:
        yield Answer("bootstrap", Verdict.OK, found)


def services(patient: Patient) -> Iterator[Answer]:
    region = patient.session.names.region
    path = f"/aws/service/global-infrastructure/regions/{region}/services"
    pages = patient.central.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
    known = {p["Name"].rpartition("/")[2] for page in pages for p in page["Parameters"]}
    listed = _listed(patient)
    s = patient.settings
    options = (*(WAREHOUSE_SERVICES if s.warehouse else ()), *(("backup",) if s.backup else ()))
    wanted = (*SERVICES, *options)
    needed = [s for s in wanted if s in listed]  # what the list does not know anywhere, it cannot lack here
    if not known:
        yield Answer("services", Verdict.NOT_ASKED, f"AWS lists no service of {region}", f"see {PAGE}")
    elif missing := sorted(set(needed) - known):
        step = "choose another region, or switch off what needs them (warehouse)"
        yield Answer("services", Verdict.REFUSED, f"{region} has no {', '.join(missing)}", step)
    else:
        yield Answer("services", Verdict.OK, f"{region} has all {len(needed)} that are needed")


def _listed(patient: Patient) -> set[str]:
    """Services that AWS lists for any region."""
    path = "/aws/service/global-infrastructure/services"
    pages = patient.central.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
    return {p["Name"].rpartition("/")[2] for page in pages for p in page["Parameters"]}


def lake_formation(patient: Patient) -> Iterator[Answer]:
    names, guarded = patient.session.names, patient.settings.lake_formation
    found = patient.session.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    defaults = [
        *found.get("CreateDatabaseDefaultPermissions", ()),
        *found.get("CreateTableDefaultPermissions", ()),
    ]
    open_to_all = any(d["Principal"]["DataLakePrincipalIdentifier"] == ALL_MAY for d in defaults)
    admins = [a["DataLakePrincipalIdentifier"] for a in found.get("DataLakeAdmins", ())]
    deployer = f"cdk-hnb659fds-cfn-exec-role-{names.account}-{names.region}"
    if not guarded and not open_to_all:
        what = "the catalog does not trust IAM alone, and lake_formation is off: jobs would see no table"
        yield Answer("Lake Formation", Verdict.REFUSED, what, f"set lake_formation = true; {PAGE}")
    elif guarded and open_to_all:
        what = f"lake_formation is on, and what is made in the catalog is open to all ({ALL_MAY})"
        step = f"take that default away in Lake Formation: analysts would read every column; {ANALYSTS}"
        yield Answer("Lake Formation", Verdict.REFUSED, what, step)
    elif guarded and not any(a.endswith(f":role/{deployer}") for a in admins):
        what = f"lake_formation is on, and {deployer} is no data lake administrator"
        step = "make it one in the console of Lake Formation: it grants the roles their tables"
        yield Answer("Lake Formation", Verdict.REFUSED, what, step)
    else:
        how = "grants by Lake Formation" if guarded else "IAM decides"
        yield Answer("Lake Formation", Verdict.OK, how)


def open_tables(patient: Patient) -> Iterator[Answer]:
    """Only where Lake Formation guards the catalog: a table may be older than the default that closes it."""
    names, settings = patient.session.names, patient.settings
    if not settings.lake_formation:
        return
    ours = {names.database(d, zone): f"{d}, {zone}" for d in settings.chosen_domains for zone in DATA_ZONES}
    found, more = set[str](), dict[str, str]()
    client = patient.session.client("lakeformation")
    while True:
        page = client.list_permissions(
            Principal={"DataLakePrincipalIdentifier": ALL_MAY}, ResourceType="TABLE", **more
        )
        of = [granted["Resource"] for granted in page["PrincipalResourcePermissions"]]
        databases = [(r.get("Table") or r.get("TableWithColumns") or {}).get("DatabaseName", "") for r in of]
        found |= {ours[database] for database in databases if database in ours}
        if not (token := page.get("NextToken")):
            break
        more = {"NextToken": token}
    if found:
        what = f"open to all ({ALL_MAY}): tables of {'; '.join(sorted(found))}"
        step = f"revoke that in Lake Formation: analysts read every column of them; {ANALYSTS}"
        yield Answer("open tables", Verdict.REFUSED, what, step)
    else:
        yield Answer("open tables", Verdict.OK, "none that Lake Formation shows to these credentials")


def boundary(patient: Patient) -> Iterator[Answer]:
    """Only where the settings name one."""
    names, policy = patient.session.names, patient.settings.permissions_boundary
    if policy is None:
        return
    arn = f"arn:{names.partition}:iam::{names.account}:policy/{policy}"
    try:
        patient.session.client("iam").get_policy(PolicyArn=arn)
    except ClientError as error:
        if error_code(error) != "NoSuchEntity":
            raise
        step = "create the policy, or correct `permissions_boundary`"
        yield Answer("permissions boundary", Verdict.REFUSED, f"there is no policy {policy}", step)
        return
    yield Answer("permissions boundary", Verdict.OK, policy)


QUESTIONS = (
    Question("account", (), account),
    Question("bootstrap", ("ssm:GetParameter",), bootstrap),
    Question("services", ("ssm:GetParametersByPath",), services),
    Question("Lake Formation", ("lakeformation:GetDataLakeSettings",), lake_formation),
    Question("open tables", ("lakeformation:ListPermissions",), open_tables),
    Question("permissions boundary", ("iam:GetPolicy",), boundary),
)
