"""Changes of released tables: the safe ones pass, every other one is named with its migration, all in one
error.
"""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.contracts import EvolutionError
from shared.contracts.evolution import column_changes
from shared.contracts.odcs import parsed
from shared.contracts.released import check_released, forget, record, released, shapes

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Document:
    return yaml.safe_load(
        (ROOT / "tests" / "project" / "domains" / "shop" / "contract.odcs.yaml").read_text("utf-8")
    )


@pytest.fixture(scope="module")
def folder(document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("released")
    record(parsed(document, "shop.odcs.yaml"), found)
    return found


def column(document: Document, table: str, name: str) -> Document:
    return next(p for p in properties(document, table) if p["name"] == name)


def properties(document: Document, table: str) -> list[Document]:
    return next(t for t in document["schema"] if t["name"] == table)["properties"]


def new(name: str, kind: str = "string", **more: Any) -> Document:
    return {"name": name, "logicalType": "string", "physicalType": kind, "description": "New.", **more}


def problems(document: Document, folder: Path, *changes: Callable[[Document], Any]) -> str:
    """What the check says of a changed contract; nothing when it is content."""
    changed = copy.deepcopy(document)
    for change in changes:
        change(changed)
    try:
        check_released(
            [parsed(changed, "shop.odcs.yaml")], lambda domain, zone: f"lh_dev_{domain}_{zone}", folder
        )
    except EvolutionError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "change",
    [
        lambda d: None,
        lambda d: properties(d, "silver_events").append(new("device")),
        lambda d: column(d, "silver_events", "age").update(physicalType="bigint"),
        lambda d: column(d, "silver_events", "amount").update(physicalType="decimal(20,2)"),
        lambda d: column(d, "gold_daily_revenue", "delivered_count").update(required=False),
        lambda d: column(d, "silver_events", "country").update(description="Other words."),
        lambda d: column(d, "silver_events", "country").update(logicalTypeOptions={"maxLength": 2}),
        lambda d: properties(d, "gold_dim_users").append(new("nick", logicalTypeOptions={"maxLength": 9})),
        lambda d: column(d, "gold_dim_users", "name").update(logicalTypeOptions={"maxLength": 65_535}),
        lambda d: d["schema"].append(
            {
                **copy.deepcopy(next(t for t in d["schema"] if t["name"] == "gold_dim_date")),
                "physicalName": "dim_x",
            }
        ),
    ],
    ids=[
        "nothing",
        "nullable column",
        "int to bigint",
        "decimal with more digits",
        "no more required",
        "words",
        "length in silver",
        "length of a new column",
        "length that is no less",
        "new table",
    ],
)
def test_what_the_next_run_does_by_itself_passes(
    document: Document, folder: Path, change: Callable[[Document], Any]
) -> None:
    assert problems(document, folder, change) == ""


REFRESH = 'after deployment: run shop with {"full_refresh": true}'
EVENTS, DAILY = "lh_dev_shop_silver.events", "lh_dev_shop_gold.daily_revenue"


@pytest.mark.parametrize(
    ("change", "told", "migration"),
    [
        (
            lambda d: properties(d, "silver_events").remove(column(d, "silver_events", "temperature")),
            "silver.events.temperature: was removed",
            [f"ALTER TABLE {EVENTS} DROP COLUMN `temperature`;"],
        ),
        (
            lambda d: column(d, "silver_events", "message").update(name="note"),
            "silver.events.message: was removed, or renamed to note",
            [
                "RENAME COLUMN `message` TO `note`;",
                f"{EVENTS} CHANGE COLUMN `message` `note` string;",
                "DROP COLUMN `message`;",
            ],
        ),
        (
            lambda d: column(d, "silver_transactions", "delivered_at").update(
                physicalType="string", logicalTypeOptions={}
            ),
            "silver.transactions.delivered_at: type timestamp became string, which is not wider",
            ["DROP TABLE lh_dev_shop_silver.transactions;", REFRESH],
        ),
        (
            lambda d: column(d, "gold_daily_revenue", "delivered_count").update(physicalType="int"),
            "gold.daily_revenue.delivered_count: type bigint became int, which is not wider",
            [f"DROP TABLE {DAILY};", REFRESH],
        ),
        (
            lambda d: column(d, "silver_events", "amount").update(physicalType="decimal(16,2)"),
            "silver.events.amount: type decimal(18,2) became decimal(16,2)",
            [f"DROP TABLE {EVENTS};"],
        ),
        (
            lambda d: column(d, "silver_events", "amount").update(physicalType="decimal(20,4)"),
            "silver.events.amount: type decimal(18,2) became decimal(20,4)",
            [f"DROP TABLE {EVENTS};"],
        ),
        (
            lambda d: properties(d, "silver_events").append(new("device", required=True)),
            "silver.events.device: is new and required",
            [REFRESH, f"UPDATE {EVENTS} SET device = <value> WHERE device IS NULL;"],
        ),
        (
            lambda d: column(d, "gold_daily_revenue", "avg_amount").update(required=True),
            "gold.daily_revenue.avg_amount: became required",
            [REFRESH],
        ),
        (
            lambda d: column(d, "gold_dim_users", "name").update(logicalTypeOptions={"maxLength": 80}),
            "gold.dim_users.name: has at most 80 characters now: rows that stand may have more",
            [REFRESH],
        ),
        (
            lambda d: column(d, "silver_events", "user_id").update(primaryKey=True, primaryKeyPosition=2),
            "silver.events: primary key (event_id) became (event_id, user_id)",
            [f"DROP TABLE {EVENTS};", REFRESH],
        ),
        (
            lambda d: column(d, "gold_daily_revenue", "date").update(partitioned=False),
            "gold.daily_revenue: partitioning (months(date)) became ()",
            [f"DROP TABLE {DAILY};", REFRESH],
        ),
        (
            lambda d: next(
                p
                for p in next(t for t in d["schema"] if t["name"] == "gold_daily_revenue")["customProperties"]
                if p["property"] == "kind"
            ).update(value="fact"),
            "gold.daily_revenue: kind mart became fact",
            [f"DROP TABLE {DAILY};", REFRESH],
        ),
        (
            lambda d: d["schema"].remove(next(t for t in d["schema"] if t["name"] == "gold_daily_revenue")),
            "gold.daily_revenue: is not in the contract any more",
            [f"DROP TABLE {DAILY};"],
        ),
    ],
    ids=[
        *("removed", "renamed", "retyped", "narrowed", "fewer digits", "other scale"),
        *("new required", "became required", "shorter", "key", "partitioning", "kind", "table removed"),
    ],
)
def test_any_other_change_is_named_with_its_migration(
    document: Document, folder: Path, change: Callable[[Document], Any], told: str, migration: list[str]
) -> None:
    message = problems(document, folder, change)
    assert f"domains/shop/contract.odcs.yaml: {told}" in message
    assert [line for line in migration if line not in message] == []
    assert "./lake contract release" in message
    assert message.startswith("1 change")


def test_a_length_is_released_and_may_grow(document: Document, tmp_path: Path) -> None:
    said = copy.deepcopy(document)
    options = column(said, "gold_dim_users", "user_id")
    options["logicalTypeOptions"] = {"maxLength": 20}
    path = record(parsed(said, "shop.odcs.yaml"), tmp_path)
    assert '"user_id": "string, at most 20, required"' in path.read_text("utf-8")
    assert released("shop", tmp_path) == shapes(parsed(said, "shop.odcs.yaml"))
    for length, told in ((20, ""), (21, ""), (19, "user_id: has at most 19 characters now")):
        options["logicalTypeOptions"] = {"maxLength": length}
        assert told in problems(said, tmp_path)
        assert bool(told) == bool(problems(said, tmp_path))


def test_a_month_that_becomes_a_day_is_named_for_every_table_it_partitions(
    document: Document, folder: Path
) -> None:
    message = problems(
        document,
        folder,
        lambda d: next(p for p in d["customProperties"] if p["property"] == "datePartitions").update(
            value="day"
        ),
    )
    assert message.startswith("9 change")
    assert "silver.events: partitioning (months(event_date)) became (event_date)" in message
    assert f"DROP TABLE {EVENTS};" in message


@pytest.mark.parametrize(
    ("old", "new", "is_safe"),
    [
        ("int", "bigint", True),
        ("float", "double", True),
        ("decimal(9,2)", "decimal(18, 2)", True),
        ("array<int>", "array<bigint>", True),
        ("array<decimal(9,2)>", "array<decimal(18,2)>", True),
        ("array<bigint>", "array<int>", False),
        ("array<int>", "array<string>", False),
        ("int", "array<int>", False),
        ("array<int>", "bigint", False),
        ("bigint", "int", False),
        ("double", "float", False),
        ("int", "double", False),
        ("int", "decimal(18,2)", False),
        ("decimal(18,2)", "decimal(18,3)", False),
        ("date", "timestamp", False),
        ("int", "string", False),
    ],
)
def test_a_type_is_wider_where_iceberg_promotes_it(old: str, new: str, is_safe: bool) -> None:
    changes = column_changes({"a": old}, {"a": new})
    assert (changes.widened, changes.retyped) == (({"a": new}, {}) if is_safe else ({}, {"a": old}))


def test_all_problems_are_told_at_once(document: Document, folder: Path) -> None:
    message = problems(
        document,
        folder,
        lambda d: properties(d, "silver_events").remove(column(d, "silver_events", "temperature")),
        lambda d: column(d, "gold_daily_revenue", "delivered_count").update(physicalType="int"),
    )
    assert message.startswith("2 change")
    assert "silver.events.temperature" in message
    assert "gold.daily_revenue.delivered_count" in message


def test_a_domain_that_was_never_released_changes_freely(document: Document, tmp_path: Path) -> None:
    check_released([parsed(document, "shop.odcs.yaml")], lambda domain, zone: "", tmp_path / "nothing")


def test_a_released_domain_does_not_just_vanish(folder: Path) -> None:
    with pytest.raises(EvolutionError, match=r"silver\.events: is not in the contract any more"):
        check_released([], lambda domain, zone: f"{domain}_{zone}", folder)


def test_a_record_gives_back_what_was_recorded_and_can_be_forgotten(
    document: Document, tmp_path: Path
) -> None:
    wanted = parsed(document, "shop.odcs.yaml")
    record(wanted, tmp_path)
    assert released("shop", tmp_path) == shapes(wanted)
    forget("shop", tmp_path)
    assert released("shop", tmp_path) == {}


def test_the_app_does_not_synthesize_and_says_only_what_is_wrong(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tests" / "project", tmp_path, dirs_exist_ok=True)
    file = tmp_path / "domains" / "shop" / "contract.odcs.yaml"
    changed = yaml.safe_load(file.read_text("utf-8"))
    record(parsed(changed, "shop.odcs.yaml"), tmp_path / "domains")
    properties(changed, "silver_events").remove(column(changed, "silver_events", "temperature"))
    file.write_text(yaml.safe_dump(changed), "utf-8")
    outer = {**os.environ, "LAKE_PROJECT": str(tmp_path)}
    command = [sys.executable, "app.py"]
    done = subprocess.run(command, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("1 change(s) of released tables need a migration first:")
    assert "ALTER TABLE lakehouse_dev_shop_silver.events DROP COLUMN `temperature`;" in done.stderr
    assert "Traceback" not in done.stderr
