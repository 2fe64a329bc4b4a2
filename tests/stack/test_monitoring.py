"""Dashboard, alarms and budget."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.cost import Resources, lines
from glue_scripts.engine.silver.metrics import publish
from lambdas.watch import figures
from local.synth import LOCAL_CONTEXT
from shared import metrics
from shared.contracts import contract, contracts
from shared.ingestion import file_figures
from shared.ledger.model import FileStatus, LedgerFile
from shared.ledger.observed import Learnt
from shared.names import DEAD_LETTERS, DOMAIN_JOBS, Names
from shared.unknown_columns import UnknownColumns, observed_column
from stacks.config import environments, settings
from stacks.prices import price_list
from tests.stack.conftest import ENVS, Assembly
from tests.support.rights import roles

RUNBOOK = Path(__file__).parents[2] / "docs" / "howto" / "runbook.md"
OF_DATASETS = ("-freshness", "-unusual", "-unknown-columns")
OURS = {"Environment": "dev", "Prefix": "lakehouse"}
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
                assert where == {**OURS, "Domain": c.domain, "Dataset": d.name}
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


def test_every_metric_of_ours_that_is_watched_or_shown_is_of_one_environment(assembly: Assembly) -> None:
    """Two lakes in one account, of other environments or prefixes, are never added up."""
    for env in ENVS:
        watched = [a for a in alarms(assembly, env).values() if a["Namespace"] == "Lakehouse"]
        places = [{d["Name"]: d["Value"] for d in a["Dimensions"]} for a in watched]
        metrics = [m for g in graphs(assembly, env) for m in g["metrics"] if m[0] == "Lakehouse"]
        places += [dict(zip(m[2:-1:2], m[3:-1:2], strict=True)) for m in metrics]
        assert len(places) > len(watched) > 0
        assert {(p["Environment"], p["Prefix"]) for p in places} == {(env, "lakehouse")}
    for place, function in assembly.resources("AWS::Lambda::Function"):
        named = function["Properties"]["Environment"]["Variables"]
        assert "POWERTOOLS_SERVICE_NAME" not in named, (
            place
        )  # it would be one dimension more than anybody asks for


class Sent:
    """Stands in for CloudWatch: which metrics it was sent, as name and dimensions."""

    def __init__(self) -> None:
        self.metrics = set[tuple[str, tuple[tuple[str, str], ...]]]()

    def put_metric_data(self, *, MetricData: list[dict[str, Any]], **_: object) -> None:  # noqa: N803
        self.metrics |= {(d["MetricName"], places(d["Dimensions"])) for d in MetricData}


def places(dimensions: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    named = {d["Name"]: d["Value"] for d in dimensions}
    return tuple((k, v) for k, v in sorted(named.items()) if k not in OURS)


def sent(domain: str) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    """All metrics that the functions and jobs can send of a domain, by their own code."""
    agreed, cloudwatch, names = contract(domain), Sent(), Names("dev", "123456789012", "us-east-1")
    now, hour = dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dt.timedelta(hours=1)
    learnt = Learnt("r1", "2026-02-28", None, "2026-02-28", 100, 1, 2, 1.0)
    unknown = UnknownColumns((observed_column("new", {"2026-02-20"}, 1, 1, 1),))
    found = [*figures.freshness(domain, {d.name: now for d in agreed.datasets}, now - hour, now)]
    for stage in DOMAIN_JOBS:
        found += figures.job_run(domain, stage, {"ExecutionTime": 60})
    for dataset in agreed.datasets:
        every = dict.fromkeys((*dataset.target.metrics(agreed.reasons), "unusual", "drift_column_x"), 1.0)
        publish(cloudwatch, names, dataset, every)  # type: ignore[arg-type]
        found += [figures.waiting(domain, dataset.name, 1)]
        found += figures.silence(dataset, learnt, now - 100 * hour, now)
        found += figures.unknown_columns(dataset, unknown, now)
        for status in FileStatus:
            for of in (domain, "somebody"):
                file = LedgerFile("raw", "any", "v1", of, dataset.name, status, bytes=5)
                cloudwatch.metrics |= {
                    (f.name, (("Dataset", f.dataset), ("Domain", f.domain))) for f in file_figures(file)
                }
    cloudwatch.put_metric_data(MetricData=[dict(f) for f in found])
    return cloudwatch.metrics


def test_every_metric_that_is_sent_is_read_by_an_alarm_or_a_graph_and_none_is_read_that_is_not(
    assembly: Assembly,
) -> None:
    """Each costs $0.30 a month."""
    watched = [a for a in alarms(assembly).values() if a["Namespace"] == "Lakehouse"]
    read = {(a["MetricName"], places(a["Dimensions"])) for a in watched}
    for metric in (m for g in graphs(assembly) for m in g["metrics"] if m[0] == "Lakehouse"):
        where = [{"Name": k, "Value": v} for k, v in zip(metric[2:-1:2], metric[3:-1:2], strict=True)]
        read.add((metric[1], places(where)))
    for c in contracts():
        of_domain = {m for m in read if ("Domain", c.domain) in m[1]}
        assert sent(c.domain) == of_domain, c.domain
        assert len(of_domain) == metrics.sent(len(c.datasets)).total, c.domain


def test_jobs_send_no_metrics_of_glue_s_own_which_nobody_reads(assembly: Assembly) -> None:
    """A value switches them on, whatever it is (Glue, "Job parameters")."""
    for place, job in assembly.resources("AWS::Glue::Job"):
        switched_on = [n for n in job["Properties"]["DefaultArguments"] if "metrics" in n]
        assert switched_on == [], place


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
    # EventBridge tells a topic no source account: a condition would keep its messages away.
    of_events = [s for s in policy if "events.amazonaws.com" in json.dumps(s["Principal"])]
    assert [s.get("Condition") for s in of_events] == [None]


KEYED = ("test", "prod")  # have a key of their own; dev has none
CARRYING = {"lakehouse-{}-alerts-dlq", "lakehouse-{}-watch-dlq"}


@pytest.mark.parametrize("env", ENVS)
def test_what_carries_causes_of_failures_has_the_environment_s_key_where_there_is_one(
    assembly: Assembly, env: str
) -> None:
    [(_, topic)] = assembly.resources("AWS::SNS::Topic", env)
    assert ("KmsMasterKeyId" in topic["Properties"]) == (env in KEYED)
    queues = [r["Properties"] for _, r in assembly.resources("AWS::SQS::Queue", env)]
    with_key = {q["QueueName"] for q in queues if "KmsMasterKeyId" in q}
    assert with_key == ({name.format(env) for name in CARRYING} if env in KEYED else set())
    assert all(q.get("SqsManagedSseEnabled") for q in queues if q["QueueName"] not in with_key)


@pytest.mark.parametrize("env", KEYED)
def test_services_may_use_the_key_for_that_topic_and_those_queues_only(assembly: Assembly, env: str) -> None:
    """SNS developer guide, "Key management": EventBridge tells no source account for a topic; for a queue, and
    the other services, they do.
    """
    key = next(r for p, r in assembly.resources("AWS::KMS::Key", env) if "DataKey" in p)["Properties"]
    found = [
        (s["Principal"]["Service"], s["Condition"])
        for s in key["KeyPolicy"]["Statement"]
        if s["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    ]
    topic = f"arn:aws:sns:us-east-1:123456789012:lakehouse-{env}-alerts"
    of_topic = {"kms:EncryptionContext:aws:sns:topicArn": topic}
    queues = [f"arn:aws:sqs:us-east-1:123456789012:lakehouse-{env}-{q}-dlq" for q in ("alerts", "watch")]
    ours = {"aws:SourceAccount": "123456789012"}
    assert found == [
        ("events.amazonaws.com", {"StringEquals": of_topic}),
        (["budgets.amazonaws.com", "cloudwatch.amazonaws.com"], {"StringEquals": of_topic | ours}),
        (
            ["events.amazonaws.com", "sns.amazonaws.com"],
            {"StringEquals": {"kms:EncryptionContext:aws:sqs:arn": queues} | ours},
        ),
    ]


@pytest.mark.parametrize("env", KEYED)
def test_a_role_that_sends_to_a_topic_or_queue_with_a_key_may_use_the_key(
    assembly: Assembly, env: str
) -> None:
    names = {f"lakehouse-{env}-alerts", *(name.format(env) for name in CARRYING)}
    sending = [
        role
        for role in roles(assembly, env)
        if any(
            {"sns:Publish", "sqs:SendMessage"} & set(s["Action"])
            and names & {r.rpartition(":")[2] for r in s["Resource"]}
            for s in role.statements
        )
    ]
    assert len(sending) == 3 + 2  # a machine for each domain; the watch function, and its timer
    for role in sending:
        used = {a for s in role.statements if ":key/" in s["Resource"][0] for a in s["Action"]}
        assert used == {"kms:Decrypt", "kms:GenerateDataKey"}, role.place


def graphs(assembly: Assembly, env: str = "dev") -> list[dict[str, Any]]:
    [board] = [r["Properties"] for _, r in assembly.resources("AWS::CloudWatch::Dashboard", env)]
    body = json.loads(board["DashboardBody"])
    shown = [w["properties"] for w in body["widgets"] if w["type"] == "metric"]
    return [{**g, "metrics": expanded(g["metrics"])} for g in shown]


def expanded(metrics: list[list[Any]]) -> list[list[Any]]:
    """With what `...` stands for: all values of the metric before but for the last."""
    found: list[list[Any]] = []
    for metric in metrics:
        if metric[0] == "...":
            before = [part for part in found[-1] if isinstance(part, str)]
            metric = [*before[: 1 - len([p for p in metric if isinstance(p, str)])], *metric[1:]]
        found.append(metric)
    return found


def widgets(assembly: Assembly) -> dict[str, dict[str, Any]]:
    shown = graphs(assembly)
    return {g["title"]: g for g in shown} | {
        g["title"]: g for g in shown if "annotations" in g
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
    flex = next(g for g in graphs(assembly, "test") if g["title"] == "Jobs: cost, USD")
    cost = [m[0]["expression"] for m in flex["metrics"] if isinstance(m[0], dict)]
    assert cost[0] == "m0*0.203"


def test_a_metric_is_written_short_where_only_its_last_value_is_new(assembly: Assembly) -> None:
    """CloudWatch Dashboard Body: `...` repeats what the metric before has, up to the values that follow."""
    [board] = [r["Properties"] for _, r in assembly.resources("AWS::CloudWatch::Dashboard", "dev")]
    shown = [w["properties"] for w in json.loads(board["DashboardBody"])["widgets"]]
    rows = next(g["metrics"] for g in shown if g.get("title") == "Rows" and "shop" in json.dumps(g))
    assert rows[:2] == [
        [
            *("Lakehouse", "written_rows", "Environment", "dev", "Prefix", "lakehouse"),
            *("Domain", "shop", "Dataset", "events", {"label": "events written_rows"}),
        ],
        ["...", "users", {"label": "users written_rows"}],
    ]
    assert expanded(rows)[1][:10] == [*rows[0][:9], "users"]


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
        assert "CostFilters" not in budget["Budget"]  # a tag that nobody activated costs nothing
        told = {
            (n["Notification"]["NotificationType"], n["Notification"]["Threshold"])
            for n in budget["NotificationsWithSubscribers"]
        }
        assert told == {("ACTUAL", 80), ("FORECASTED", 100)}
    assert limits == {"dev": 100, "test": 150, "prod": 3500}


def test_a_budget_counts_by_tag_where_the_tag_is_activated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import app

    monkeypatch.setitem(environments(), "dev", {**environments()["dev"], "budget_by_tag": True})
    app.build(["dev"], context=LOCAL_CONTEXT, outdir=str(tmp_path)).synth()
    [template] = tmp_path.glob("assembly-dev/devmonitoring*.template.json")
    [budget] = [r for r in json.loads(template.read_text())["Resources"].values() if "Budget" in r["Type"]]
    assert budget["Properties"]["Budget"]["CostFilters"] == {"TagKeyValue": ["user:lakehouse:env$dev"]}


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
