"""Fifty domains in one environment stay within the limits of AWS, each looked up where its number is.

The longest names that the product takes, every option that adds to a template, and neither account nor region
pinned, so that templates have them as references.
"""

from __future__ import annotations

import json
import re
import shutil
from typing import Any

import pytest
import yaml

from local.synth import synthesize
from tests.conftest import PROJECT
from tests.stack.conftest import Assembly, read
from tests.stack.test_monitoring import expanded
from tests.support.rights import resolved

DOMAINS, REPORTS = 50, 10
PREFIX, ENV = "a-lake-of-many-dom", "biggest"  # together as long as the name of a bucket allows
ENVIRONMENTS = f"""
[{ENV}]
prefix = "{PREFIX}"
protected = true
scheduled = true
audit_objects = true
lake_formation = true
warehouse = true
alert_emails = ["team@example.org"]
"""
LONG = "_of_a_source_with_a_long_name"
RENAMED = re.compile(r"\b(events|users|transactions|orders|order_lines)\b")
SHOP = PROJECT / "domains" / "shop"
MORE = ("returns", "refunds", "vouchers")  # with the five of the shop eight datasets


def domain(n: int) -> str:
    """As long as the name of a state machine allows: 80 with prefix and environment."""
    return f"domain_{n:02}_of_a_company_that_likes_long_names".ljust(80 - len(f"{PREFIX}-{ENV}-"), "x")


def document() -> dict[str, Any]:
    """The shop's contract with eight datasets, whose names are long and whose files go to the archive."""
    found: dict[str, Any] = yaml.safe_load(
        RENAMED.sub(rf"\1{LONG}", (SHOP / "contract.odcs.yaml").read_text())
    )
    parts = {part["name"]: part for part in found["schema"]}
    for more in MORE:
        for zone in ("bronze", "silver"):
            part = json.loads(json.dumps(parts[f"{zone}_transactions"]))
            part["name"], part["physicalName"] = f"{zone}_{more}", f"{more}{LONG}"
            for said in part["customProperties"]:
                if said["property"] == "source":
                    said["value"] = f"{more}{LONG}"
            found["schema"].append(part)
    parts["bronze_events"]["customProperties"].append({"property": "archive", "value": True})
    return found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    project, out = tmp_path_factory.mktemp("company"), tmp_path_factory.mktemp("out")
    (project / "environments.toml").write_text(ENVIRONMENTS)
    contract = document()
    for n in range(DOMAINS):
        folder = project / "domains" / domain(n)
        (folder / "reports").mkdir(parents=True)
        own = {**contract, "domain": domain(n), "name": domain(n)}
        (folder / "contract.odcs.yaml").write_text(json.dumps(own))  # JSON is YAML
        for report in range(REPORTS):
            shutil.copy(SHOP / "reports" / "user_ltv.sql", folder / "reports" / f"user_ltv_{report}.sql")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAKE_PROJECT", str(project))
        synthesize([ENV], out, {"local": "true"})
    return read(out, [ENV], prefix=PREFIX)


def test_there_are_as_many_domains_as_this_is_about(large: Assembly) -> None:
    assert len([stack for _, stack in large.stacks if stack.startswith("domain-")]) == DOMAINS
    datasets = {
        d["Value"]
        for _, a in large.resources("AWS::CloudWatch::Alarm")
        for d in a["Properties"]["Dimensions"]
        if d["Name"] == "Dataset"
    }
    assert len(datasets) == 9  # and gold
    machines = large.named("AWS::StepFunctions::StateMachine", "StateMachineName", ENV)
    assert {len(m) for m in machines} == {80}  # CreateStateMachine: at most
    assert len(list(large.resources("AWS::Athena::NamedQuery"))) == DOMAINS * REPORTS


def test_every_stack_is_one_that_cloudformation_takes(large: Assembly) -> None:
    """ "Understand CloudFormation quotas": resources, outputs and parameters of a template, its size; a stack's name."""
    for place, template in large.stacks.items():
        assert len(template["Resources"]) <= 500, place
        assert len(template.get("Outputs", {})) <= 200, place
        assert len(template.get("Parameters", {})) <= 200, place
        assert large.files[place].stat().st_size <= 1_000_000, place
        assert len(f"{PREFIX}-{ENV}-{place[1]}") <= 128, place


def test_no_shared_stack_grows_by_more_than_its_databases_with_a_domain(large: Assembly) -> None:
    sizes = {stack: len(t["Resources"]) for (_, stack), t in large.stacks.items()}
    of_domains = [n for stack, n in sizes.items() if stack.startswith("domain-")]
    assert max(of_domains) <= 150
    shared = {stack: n for stack, n in sizes.items() if not stack.startswith("domain-")}
    shared["catalog"] -= 5 * DOMAINS
    assert len(list(large.resources("AWS::Glue::Database"))) == 5 * DOMAINS
    assert max(shared.values()) <= 60


def test_every_policy_fits_and_no_role_has_more_than_it_may(large: Assembly) -> None:
    """ "IAM and AWS STS quotas": 6,144 characters without white space, ten managed policies a role."""
    attached: dict[str, int] = {}
    for place, policy in large.resources("AWS::IAM::ManagedPolicy"):
        env, stack, _ = place.split("/")
        document = plain(policy["Properties"]["PolicyDocument"], large.template(env, stack))
        assert len("".join(json.dumps(document).split())) <= 6144, place
        for role in policy["Properties"]["Roles"]:
            attached[f"{stack}/{role['Ref']}"] = attached.get(f"{stack}/{role['Ref']}", 0) + 1
    assert max(attached.values()) <= 10
    assert len(attached) <= 1000  # roles of an account


def test_a_role_of_all_domains_has_no_list_of_them_where_their_names_have_something_in_common(
    large: Assembly,
) -> None:
    for stack in ("orchestration", "processing", "monitoring", "analytics", "storage"):
        assert domain(7) not in json.dumps(statements(large, stack)), stack


def statements(large: Assembly, stack: str) -> list[Any]:
    every = large.template(ENV, stack)["Resources"].values()
    return [r["Properties"] for r in every if r["Type"] in ("AWS::IAM::ManagedPolicy", "AWS::Events::Rule")]


def test_every_policy_of_a_resource_fits(large: Assembly) -> None:
    """Bucket policies have 20 kB, key policies 32 kB, a topic's and a queue's less than they would need for fifty domains."""
    limits = {
        "AWS::S3::BucketPolicy": ("PolicyDocument", 20_480),
        "AWS::KMS::Key": ("KeyPolicy", 32_768),
        "AWS::SNS::TopicPolicy": ("PolicyDocument", 20_480),
        "AWS::SQS::QueuePolicy": ("PolicyDocument", 8_192),
    }
    for kind, (document, most) in limits.items():
        for place, resource in large.resources(kind):
            assert len(json.dumps(resource["Properties"][document])) <= most, place


def test_every_event_pattern_fits_and_the_bus_has_room_for_the_rules(large: Assembly) -> None:
    """ "Amazon EventBridge quotas": 2,048 characters, 300 rules a bus, five targets a rule."""
    rules = list(large.resources("AWS::Events::Rule"))
    for place, rule in rules:
        env, stack, _ = place.split("/")
        pattern = plain(rule["Properties"]["EventPattern"], large.template(env, stack))
        assert len(json.dumps(pattern)) <= 2048, place
        assert len(rule["Properties"]["Targets"]) <= 5, place
    assert len(rules) <= 10


def test_every_function_s_variables_fit(large: Assembly) -> None:
    """ "Lambda quotas": 4 kB in all."""
    for place, function in large.resources("AWS::Lambda::Function"):
        assert len(json.dumps(function["Properties"]["Environment"]["Variables"])) <= 4096, place


def test_dashboards_are_few_and_cloudwatch_takes_each(large: Assembly) -> None:
    """ "CloudWatch service quotas": 500 widgets, 500 metrics a widget, 2,500 in all, hidden ones too; the first three
    dashboards cost nothing."""
    boards = [b["Properties"] for _, b in large.resources("AWS::CloudWatch::Dashboard")]
    assert [b["DashboardName"] for b in boards] == [
        f"{PREFIX}-{ENV}-lakehouse",
        f"{PREFIX}-{ENV}-lakehouse-2",
    ]
    shown = set()
    for board in boards:
        body = json.loads(plain(board["DashboardBody"], large.template(ENV, "monitoring")))
        assert len(body["widgets"]) <= 500
        graphs = [w["properties"]["metrics"] for w in body["widgets"] if w["type"] == "metric"]
        metrics = [[m for m in expanded(g) if isinstance(m[0], str)] for g in graphs]
        assert max(map(len, metrics)) <= 500
        assert sum(map(len, metrics)) <= 2500
        shown |= {m[i + 1] for g in metrics for m in g for i, part in enumerate(m) if part == "Domain"}
    assert shown == {domain(n) for n in range(DOMAINS)}


def test_names_and_texts_are_as_long_as_their_services_take(large: Assembly) -> None:
    """The API references of the services: names, descriptions, texts."""
    limits: dict[str, dict[str, int]] = {
        "AWS::CloudWatch::Alarm": {"AlarmName": 255, "AlarmDescription": 1024},
        "AWS::Glue::Job": {"Name": 255, "Description": 2048},
        "AWS::Athena::NamedQuery": {"Name": 128, "Description": 1024, "QueryString": 262_144},
        "AWS::Logs::LogGroup": {"LogGroupName": 512},
        "AWS::StepFunctions::StateMachine": {"DefinitionString": 1_048_576},
        "AWS::Lambda::Function": {"FunctionName": 64},
        "AWS::SQS::Queue": {"QueueName": 80},
        "AWS::SNS::Topic": {"TopicName": 256},
        "AWS::Events::Rule": {"Name": 64, "Description": 512},
        "AWS::CloudWatch::Dashboard": {"DashboardName": 255},
    }
    for kind, properties in limits.items():
        for place, resource in large.resources(kind):
            for name, most in properties.items():
                if (text := resource["Properties"].get(name)) is not None:
                    assert len(json.dumps(text)) - 2 <= most, (place, name)


def test_the_code_of_the_jobs_is_published_once(large: Assembly) -> None:
    assets = [json.loads(p.read_text())["files"] for p in large.folder.rglob("*.assets.json")]
    files = {key: f["source"]["path"] for manifest in assets for key, f in manifest.items()}
    shared = {path for path in files.values() if "template" not in path}
    assert len(shared) <= 8  # four scripts, their library, the archives of the functions
    assert [len(m) for m in assets if len(m) == 1] != []
    assert sum(len([f for f in m.values() if "template" not in f["source"]["path"]]) for m in assets) <= 9


def plain(value: Any, template: dict[str, Any]) -> Any:
    return resolved(value, template)
