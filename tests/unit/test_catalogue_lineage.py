"""The catalogue's lineage of columns that only a run knows: from the events that it left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cli.catalogue import Place, catalogue
from cli.catalogue.model import ColumnFlow, ColumnPlace
from cli.catalogue.run_lineage import WAYS, recorded_flows
from cli.catalogue_page import document
from cli.main import main
from cli.recorded_lineage import last_completed
from local.session import Session
from shared.contracts import contract
from shared.lineage.columns import SUBTYPES
from shared.names import Names

NAMES = Names("dev", "123456789012", "us-east-1")
SILVER, GOLD = "table/lakehouse_dev_shop_silver", "table/lakehouse_dev_shop_gold"
REVENUE, TRANSACTIONS = Place("shop", "gold", "daily_revenue"), Place("shop", "silver", "transactions")
RUNS = "shop/open-lineage/gold/daily_revenue"


def event(kind: str, *columns: str) -> dict[str, Any]:
    """Of a run in which total_revenue is made of columns of transactions."""
    direct = {"type": "DIRECT", "subtype": "AGGREGATION"}
    tests = {"type": "INDIRECT", "subtype": "CONDITIONAL"}
    inputs = [
        {"namespace": "n", "name": f"{SILVER}/transactions", "field": c, "transformations": [direct, tests]}
        for c in columns
    ]
    inputs.append({"namespace": "n", "name": "table/elsewhere/t", "field": "x", "transformations": [direct]})
    facet = {"fields": {"total_revenue": {"inputFields": inputs}, "gone": {"inputFields": inputs}}}
    return {
        "eventType": kind,
        "outputs": [{"name": f"{GOLD}/daily_revenue", "facets": {"columnLineage": facet}}],
    }


FLOW = ColumnFlow(
    ColumnPlace(TRANSACTIONS, "amount"),
    ColumnPlace(REVENUE, "total_revenue"),
    "over several rows, decides which value",
)


def test_columns_that_the_contract_has_are_followed_and_no_others() -> None:
    flows = recorded_flows(contract("shop"), NAMES, [event("COMPLETE", "amount", "no_more")])
    assert list(flows) == [FLOW]


def test_every_way_of_a_column_has_words() -> None:
    assert {*WAYS} == {*SUBTYPES}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        found = Session(NAMES, boto3.Session())
        found.client("s3").create_bucket(Bucket=NAMES.bucket("metrics"))
        yield found


def put(session: Session, name: str, *events: dict[str, Any]) -> None:
    body = "".join(json.dumps(e) + "\n" for e in events).encode()
    session.client("s3").put_object(Bucket=NAMES.bucket("metrics"), Key=f"{RUNS}/{name}.jsonl", Body=body)


def test_the_last_run_that_completed_counts(session: Session) -> None:
    assert last_completed(session, contract("shop")) == []
    put(session, "run_date=2026-01-09/a", event("START"), event("COMPLETE", "tx_id"))
    put(session, "run_date=2026-01-10/a", event("START"), event("COMPLETE", "status"))
    put(session, "run_date=2026-01-10/b", event("START"), event("COMPLETE", "amount"))
    put(session, "run_date=2026-01-10/c", event("START"), event("FAIL"))
    put(session, "run_date=2026-01-11/a", event("START"))
    assert last_completed(session, contract("shop")) == [event("COMPLETE", "amount")]


def test_a_text_may_hold_what_elsewhere_ends_a_line(session: Session) -> None:
    odd = event("COMPLETE", "amount") | {"description": "a\u2028b"}
    body = json.dumps(event("START")) + "\n" + json.dumps(odd, ensure_ascii=False) + "\n"
    key = f"{RUNS}/run_date=2026-01-10/a.jsonl"
    session.client("s3").put_object(Bucket=NAMES.bucket("metrics"), Key=key, Body=body.encode())
    assert last_completed(session, contract("shop")) == [odd]


def test_the_page_of_a_table_shows_them_and_says_that_a_run_followed_them(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(session, "run_date=2026-01-10/b", event("START"), event("COMPLETE", "amount"))
    monkeypatch.setattr("cli.targets.target", lambda env: session)
    assert main(["docs", "shop", "--lineage", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "index.html").read_text("utf-8")
    assert "What the last run followed of it" in page
    assert "over several rows, decides which value" in page
    without = document(catalogue(("shop",)))
    assert "What the last run followed of it" not in without
    assert "over several rows, decides which value" not in without
