"""The crawler's function: only where an environment names a web API, and with no more rights
than it needs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.config import ConfigError, environments, settings

RUNBOOK = Path(__file__).parents[3] / "docs" / "howto" / "runbook.md"
ACCOUNT, REGION = "123456789012", "us-east-1"
CRAWL = {
    "dataset": "search/movies",
    "url": "https://films.example.com/api/movies?lang=vi",
    "page_parameter": "p",
    "secret_name": "film-api-key",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an environment that crawls, through the gate of the security rules."""
    import app

    out: Path = tmp_path_factory.mktemp("crawl")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(environments(), "dev", {**environments()["dev"], "crawl": CRAWL})
        app.build(
            ["dev"],
            context={"local": "true", "gate": "true", "account": ACCOUNT, "region": REGION},
            outdir=str(out),
        ).synth()
    return out / "assembly-dev"


@pytest.fixture(scope="module")
def ingestion(templates: Path) -> dict[str, dict[str, Any]]:
    return resources_of(templates, "ingestion")


def resources_of(templates: Path, stack: str) -> dict[str, dict[str, Any]]:
    (found,) = templates.glob(f"*{stack}*.template.json")
    return dict(json.loads(found.read_text())["Resources"])


def crawler(resources: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [
        r["Properties"] for name, r in resources.items() if r["Type"] == kind and name.startswith("Crawl")
    ]


def test_the_function_knows_its_api_but_not_its_key(ingestion: dict[str, dict[str, Any]]) -> None:
    (function,) = crawler(ingestion, "AWS::Lambda::Function")
    variables = function["Environment"]["Variables"]
    assert (variables["CRAWL_URL"], variables["CRAWL_PAGE_PARAMETER"], variables["CRAWL_SECRET"]) == (
        CRAWL["url"],
        "p",
        "film-api-key",
    )
    assert function["Timeout"] == 900


def test_the_function_writes_films_reads_one_secret_and_nothing_else(
    ingestion: dict[str, dict[str, Any]],
) -> None:
    policies = crawler(ingestion, "AWS::IAM::ManagedPolicy")
    statements = [s for p in policies for s in p["PolicyDocument"]["Statement"]]
    actions = {
        a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
    }
    assert {a for a in actions if a.startswith(("s3:", "secretsmanager:", "dynamodb:", "glue:"))} == {
        "s3:PutObject", "s3:AbortMultipartUpload", "s3:ListBucket", "secretsmanager:GetSecretValue",
    }  # fmt: skip
    by_action = {str(s["Action"]): s for s in statements}
    assert "secret:film-api-key-??????" in json.dumps(by_action["secretsmanager:GetSecretValue"]["Resource"])
    (write,) = [s for s in statements if "s3:PutObject" in s["Action"]]
    assert json.dumps(write["Resource"]).endswith('/search/movies/*"')
    assert by_action["s3:ListBucket"]["Condition"] == {"StringLike": {"s3:prefix": "search/movies/*"}}


def test_dev_does_not_crawl_by_itself(ingestion: dict[str, dict[str, Any]]) -> None:
    assert [s["State"] for s in crawler(ingestion, "AWS::Scheduler::Schedule")] == ["DISABLED"]


def test_an_api_without_tls_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        environments(), "dev", {**environments()["dev"], "crawl": CRAWL | {"url": "http://films.example.com"}}
    )
    with pytest.raises(ConfigError, match="url"):
        settings("dev")


def test_nothing_crawls_unless_asked() -> None:
    assert {settings(e).crawl for e in environments()} == {None}


def test_a_crawl_that_fails_rings_and_the_runbook_knows_the_alarms(templates: Path) -> None:
    alarms = [
        r["Properties"]
        for r in resources_of(templates, "monitoring").values()
        if r["Type"] == "AWS::CloudWatch::Alarm"
    ]
    watched = {
        a["AlarmName"].removeprefix("lakehouse-dev-"): a["Dimensions"][0]["Value"]
        for a in alarms
        if "-crawl-" in a["AlarmName"]
    }
    assert watched == {
        "crawl-errors": "lakehouse-dev-crawl",
        "crawl-throttles": "lakehouse-dev-crawl",
        "crawl-dlq-depth": "lakehouse-dev-crawl-dlq",
    }
    text = RUNBOOK.read_text("utf-8")
    assert [name for name in watched if f"### `{name}`" not in text] == []
