"""Dashboard, alarms and budget."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.cost import Resources, lines
from shared.contracts import contracts
from shared.names import DEAD_LETTERS
from stacks.config import settings
from stacks.prices import price_list
from tests.stack.conftest import ENVS, Assembly

RUNBOOK = Path(__file__).parents[2] / "docs" / "howto" / "runbook.md"
OF_DATASETS = ("-freshness", "-unusual", "-unknown-columns")
TOPIC = "arn:aws:sns:us-east-1:123456789012:lakehouse-dev-alerts"


def alarms(assembly: Assembly, env: str = "dev") -> dict[str, dict[str, Any]]:
    found = [r["Properties"] for _, r in assembly.resources("AWS::CloudWatch::Alarm", env)]
    return {a["AlarmName"].removeprefix(f"lakehouse-{env}-"): a for a in found}


def test_what_must_not_stay_unnoticed_has_an_alarm(assembly: Assembly) -> None:
    found = alarms(assembly)
    fixed = {name for name in found if not name.endswith(OF_DATASETS)}
    assert fixed == {
        *("ingest-dlq-depth", "watch-dlq-depth", "alerts-dlq-depth", "ingest-queue-age", "ingest-duration"),
        *("ingest-errors", "ingest-throttles", "watch-errors", "watch-throttles"),
    }
    assert (found["ingest-dlq-depth"]["Threshold"], found["ingest-dlq-depth"]["EvaluationPeriods"]) == (0, 1)
    assert found["ingest-queue-age"]["Threshold"] == 3600
    for env in ENVS:
        timeout = next(r for p, r in assembly.resources("AWS::Lambda::Function", env) if "/ingestion/" in p)[
            "Properties"
        ]["Timeout"]
        assert alarms(assembly, env)["ingest-duration"]["Threshold"] == timeout * 1000 * 0.8


def test_every_dataset_and_gold_have_an_alarm_at_the_freshness_of_their_contract(assembly: Assembly) -> None:
    found = {n: a["Threshold"] for n, a in alarms(assembly).items() if n.endswith("-freshness")}
    promised = {
        f"{c.domain}-{d.name}-freshness": d.freshness_hours
        for c in contracts()
        for d in c.datasets
        if d.freshness_hours
    }
    assert promised["shop-events-freshness"] == 30
    assert {n: found[n] for n in promised} == promised
    assert {n for n in found if "-gold-" in n} == {
        f"{c.domain}-gold-freshness" for c in contracts() if any(d.freshness_hours for d in c.datasets)
    }


def test_every_dataset_has_an_alarm_for_what_is_unusual_and_for_unknown_columns(assembly: Assembly) -> None:
    found = alarms(assembly)
    for c in contracts():
        for d in c.datasets:
            unusual = found[f"{c.domain}-{d.name}-unusual"]
            unknown = found[f"{c.domain}-{d.name}-unknown-columns"]
            assert (unusual["MetricName"], unusual["Threshold"]) == ("unusual", 0)
            assert (unknown["MetricName"], unknown["Threshold"]) == ("unknown_column_days", 7)
            for alarm in (unusual, unknown):
                where = {v["Name"]: v["Value"] for v in alarm["Dimensions"]}
                assert where == {"Domain": c.domain, "Dataset": d.name}
                assert f"{c.domain}: {d.name}" in alarm["AlarmDescription"]


def test_alarms_watch_what_exists_and_tell_people_of_begin_and_end(assembly: Assembly) -> None:
    functions = assembly.named("AWS::Lambda::Function", "FunctionName")
    queues = assembly.named("AWS::SQS::Queue", "QueueName")
    for name, alarm in alarms(assembly).items():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == ([TOPIC], [TOPIC]), name
        for dimension in alarm["Dimensions"]:
            match dimension["Name"]:
                case "FunctionName":
                    assert dimension["Value"] in functions, name
                case "QueueName":
                    assert dimension["Value"] in queues, name


def test_the_topic_lets_alarms_and_budgets_publish(assembly: Assembly) -> None:
    [policy] = [
        r["Properties"]["PolicyDocument"]["Statement"]
        for _, r in assembly.resources("AWS::SNS::TopicPolicy", "dev")
    ]
    named = [
        s["Principal"]["Service"] for s in policy if s["Effect"] == "Allow" and "Service" in s["Principal"]
    ]
    publishers = {
        service for services in named for service in ([services] if isinstance(services, str) else services)
    }
    assert publishers == {"events.amazonaws.com", "cloudwatch.amazonaws.com", "budgets.amazonaws.com"}


def widgets(assembly: Assembly) -> dict[str, dict[str, Any]]:
    [board] = [r["Properties"] for _, r in assembly.resources("AWS::CloudWatch::Dashboard", "dev")]
    body = json.loads(board["DashboardBody"])
    graphs = [w["properties"] for w in body["widgets"] if w["type"] == "metric"]
    return {g["title"]: g for g in graphs} | {
        g["title"]: g for g in graphs if "annotations" in g
    }  # a domain may promise nothing


def test_the_dashboard_shows_files_rows_quarantine_freshness_jobs_and_the_queue(assembly: Assembly) -> None:
    found = widgets(assembly)
    assert {
        "Messages",
        "Files by outcome",
        "Rows",
        "Share of rows in quarantine",
        "Files that wait for a run",
    } <= found.keys()
    [promise] = found["Hours since the newest data"]["annotations"]["horizontal"]
    assert promise["value"] == 30
    cost = [m[0]["expression"] for m in found["Jobs: cost, USD"]["metrics"] if isinstance(m[0], dict)]
    assert cost[0] == "m0*0.308"


def test_the_dashboard_s_widgets_do_not_overlap(assembly: Assembly) -> None:
    [board] = [r["Properties"] for _, r in assembly.resources("AWS::CloudWatch::Dashboard", "dev")]
    taken: set[tuple[int, int]] = set()
    for w in json.loads(board["DashboardBody"])["widgets"]:
        cells = {
            (x, y) for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])
        }
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_every_environment_has_a_budget_that_warns_before_it_is_spent(assembly: Assembly) -> None:
    limits = {}
    for env in ENVS:
        [budget] = [r["Properties"] for _, r in assembly.resources("AWS::Budgets::Budget", env)]
        limits[env] = budget["Budget"]["BudgetLimit"]["Amount"]
        assert budget["Budget"]["CostFilters"] == {"TagKeyValue": [f"user:lakehouse:env${env}"]}
        told = {
            (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
            for n in budget["NotificationsWithSubscribers"]
        }
        assert told == {("ACTUAL", 80), ("FORECASTED", 100)}
    assert limits == {"dev": 100, "test": 150, "prod": 3500}


@pytest.mark.parametrize("env", ENVS)
def test_a_month_of_the_usage_that_is_assumed_sets_off_no_budget_alarm(assembly: Assembly, env: str) -> None:
    templates = [template for (of, _), template in assembly.stacks.items() if of == env]
    estimate = sum(
        line.usd(price_list().prices)
        for line in lines(Resources.in_templates(templates), settings(env).usage)
    )
    assert 1 < estimate < 0.8 * settings(env).monthly_budget_usd


def test_the_runbook_says_what_to_do_about_every_alarm(assembly: Assembly) -> None:
    text = RUNBOOK.read_text("utf-8")
    said = set(re.findall(r"^### `([\w<>-]+)`", text, re.MULTILINE))
    ends = {n: next((e for e in OF_DATASETS if n.endswith(e)), None) for n in alarms(assembly)}
    wanted = {f"<domain>-<dataset>{end}" if end else n for n, end in ends.items()}
    assert wanted <= said
    assert said - wanted <= {"crawl-errors", "crawl-throttles", "crawl-dlq-depth"}


def test_an_alarm_names_its_entry_of_the_runbook(assembly: Assembly) -> None:
    headings = re.findall(r"^### (.+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w-]", "", heading.lower()) for heading in headings}
    for name, alarm in alarms(assembly).items():
        link = re.search(r"See docs/howto/runbook\.md#([\w-]+)\.$", alarm["AlarmDescription"])
        assert link is not None, name
        assert link[1] in anchors, name


def test_the_queues_that_status_looks_into_are_those_of_the_templates(assembly: Assembly) -> None:
    queues = assembly.named("AWS::SQS::Queue", "QueueName")
    found = {q.removeprefix("lakehouse-dev-") for q in queues if q.startswith("lakehouse-dev-")}
    assert {q for q in found if q.endswith("-dlq")} == set(DEAD_LETTERS) - {"crawl-dlq"}
