"""What lint says of tables that are computed from a log and do not fit it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts.odcs import parsed
from tests.support.shop_document import refusal

SHOP = Path(__file__).parents[1] / "project" / "domains" / "shop" / "contract.odcs.yaml"
DOCUMENT = yaml.safe_load(SHOP.read_text("utf-8"))
FOLLOWED = ("user_id", "city", "updated_at")  # by a history of its own


def shop() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The shop, its log of users, and their history, which names three columns instead of taking all."""
    document = copy.deepcopy(DOCUMENT)
    tables = {t["name"]: t for t in document["schema"]}
    log, history = tables["silver_users_updates"], tables["silver_users_history"]
    dropped = ("customProperties", "logicalTypeOptions")
    history["properties"] += [
        {word: said for word, said in p.items() if word not in dropped}
        for p in log["properties"]
        if p["name"] in FOLLOWED
    ]
    custom = [p for p in history["customProperties"] if p["property"] not in ("columnsOf", "tracked")]
    history["customProperties"] = [*custom, {"property": "tracked", "value": ["city"]}]
    return document, log, history


def column(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "physicalType": kind, "description": "New."}


def test_a_column_of_the_log_need_not_be_followed() -> None:
    document, log, _ = shop()
    log["properties"].append(column("tier", "string"))
    contract = parsed(document, "shop.odcs.yaml")
    assert contract.table("users_history").column_names == (
        *("valid_from", "valid_to", "is_current"),
        *FOLLOWED,
    )


def test_a_column_that_the_log_has_not_is_refused() -> None:
    document, _, history = shop()
    history["properties"].append(column("tier", "string"))
    assert "tier: users_history is computed from users_updates, which has no such column" in refusal(document)


@pytest.mark.parametrize(("kind", "said"), [("int", "int cannot hold"), ("string", "string cannot hold")])
def test_a_type_that_cannot_hold_the_log_s_is_refused(kind: str, said: str) -> None:
    document, log, history = shop()
    log["properties"].append(column("points", "bigint"))
    history["properties"].append(column("points", kind))
    assert f"points: {said} what users_updates has, which is bigint" in refusal(document)


def test_a_wider_type_than_the_log_s_may_be() -> None:
    document, log, history = shop()
    log["properties"].append(column("points", "int"))
    history["properties"].append(column("points", "bigint"))
    assert parsed(document, "shop.odcs.yaml").table("users_history").column("points").type == "bigint"
