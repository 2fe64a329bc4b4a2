"""`./lake migrate --env`: real Iceberg tables in the emulation, the synthesized machine, stand-ins for jobs."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform, MonthTransform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestamptzType,
)

from cli import migration, migration_plan
from cli.main import main
from cli.table_drops import TableDropError, stored_tables
from local import athena
from local.session import Session
from shared.contracts import contract
from shared.contracts.evolution import ANEW
from tests.stack.test_run import Lab
from tests.stack.test_run import lab as _lab
from tests.support.protected_shop import protected_shop

lab = _lab
TYPES = {
    "string": StringType(),
    "int": IntegerType(),
    "bigint": LongType(),
    "boolean": BooleanType(),
    "date": DateType(),
    "timestamp": TimestamptzType(),
    "decimal(38,2)": DecimalType(38, 2),
    "decimal(18,2)": DecimalType(18, 2),
}


def make(lab: Lab, zone: str, table: str, *, by: Any = None, without: str = "", **changed: str) -> None:
    """A table as the contract has it, but for columns of other types, one less, or more."""
    known = next((t for t in contract("shop").tables if (t.zone, t.name) == (zone, table)), None)
    columns = {**({c.name: c.type for c in known.columns} if known else {}), **changed, "_run_id": "string"}
    columns.pop(without, None)
    fields = [NestedField(i, n, TYPES[t], required=False) for i, (n, t) in enumerate(columns.items(), 1)]
    dates = [f for f in fields if known and f"months({f.name})" in known.partition_fields]
    parts = [
        PartitionField(f.field_id, 1000, by or MonthTransform(), f.name if by else f"{f.name}_month")
        for f in dates
    ]
    names = lab.session.names
    athena.catalog_of(lab.session).create_table(
        (names.database("shop", zone), table),
        Schema(*fields),
        location=f"s3://{names.bucket(zone)}/shop/{table}",
        partition_spec=PartitionSpec(*parts),
    )


@pytest.fixture
def tables(lab: Lab) -> Iterator[None]:
    make(lab, "silver", "users", nickname="string")  # a column that the contract has no more
    make(lab, "silver", "users_updates", age="string")  # another type
    make(lab, "silver", "users_history")  # right
    make(lab, "gold", "fact_events", by=IdentityTransform())  # other partitions
    make(lab, "gold", "old_report", day="date")  # in no contract
    make(lab, "gold", "dim_users", age="bigint")  # a wider type; narrower is no promotion
    yield
    catalog = athena.catalog_of(lab.session)
    for name in stored_tables(lab.session, "shop"):
        zone, _, table = name.partition(".")
        catalog.drop_table((lab.session.names.database("shop", zone), table))


@pytest.fixture(autouse=True)
def own_ledger(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test leaves of a migration is none of the next one's."""
    monkeypatch.setattr("cli.verbs.migrate.deployed", lambda env: lab.session)
    yield
    for item in lab.table.scan()["Items"]:
        if item["pk"] in ("migration#shop", "lock#shop", "gate#shop"):
            lab.table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})


def test_the_plan_names_what_no_run_can_change(lab: Lab, tables: None) -> None:
    steps = {s.table: s for s in migration_plan.plan(lab.session, "shop", ["silver.users_history"])}
    assert {name: (s.columns, s.readers) for name, s in steps.items()} == {
        "gold.dim_users": ((), migration_plan.ON_THE_OLD),
        "gold.fact_events": ((), migration_plan.ON_THE_OLD),
        "silver.users": (("nickname",), migration_plan.GO_ON),
        "silver.users_history": ((), migration_plan.ON_THE_OLD),
        "silver.users_updates": ((), migration_plan.ON_THE_OLD),
    }
    assert steps["silver.users_updates"].why == "age is string, the contract says int: it is made anew"
    assert "partitions by event_date, the contract by months(event_date)" in steps["gold.fact_events"].why


def test_the_plan_makes_tables_anew_whose_values_are_protected_otherwise(
    lab: Lab, tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the files are loaded into; what is computed from them follows by the same full refresh."""
    monkeypatch.setattr(migration_plan, "contract", lambda _: protected_shop())
    steps = {s.table: s for s in migration_plan.plan(lab.session, "shop") if "protected" in s.why}
    assert {name: step.anew for name, step in steps.items()} == {"silver.users_updates": True}
    assert steps["silver.users_updates"].why == (
        "age is string, the contract says int; user_id is protected: none, the contract says hash;"
        " name is protected: none, the contract says hash; email is protected: none, the contract says hash;"
        " phone is protected: none, the contract says hash: it is made anew"
    )


def test_a_migration_is_shown_then_carried_out_once_and_recorded(
    lab: Lab, tables: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored_tables(lab.session, "shop")
    assert main(["migrate", "shop", "--env", "dev"]) == 0
    said = capsys.readouterr().err
    assert "in no contract, left alone: gold.old_report" in said
    assert "nothing was changed" in said
    assert (stored_tables(lab.session, "shop"), lab.session.ledger.migrations("shop")) == (before, [])
    report = tmp_path / "report.json"
    assert main(["migrate", "shop", "--env", "dev", "--yes", "--json", str(report)]) == 0
    assert stored_tables(lab.session, "shop") == before  # queries go on
    assert {t for t in before if is_marked(lab, t)} == {
        *("gold.dim_users", "gold.fact_events", "silver.users_updates"),
    }
    assert [s.table for s in migration_plan.plan(lab.session, "shop") if not s.anew] == []
    [recorded] = lab.session.ledger.migrations("shop")
    assert recorded["steps"] == json.loads(json.dumps(json.loads(report.read_text())["steps"]))
    assert len(recorded["steps"]) == 4
    ran = lab.end(recorded["run_id"])
    assert (ran.status, ran.jobs["bronze-to-silver"]["--full_refresh"], lab.lock) == (
        "SUCCEEDED",
        "true",
        None,
    )


def test_nothing_is_migrated_under_a_run(lab: Lab, tables: None) -> None:
    lab.start("owner", seconds=2)
    until = time.monotonic() + 20
    while lab.lock != "owner" and time.monotonic() < until:
        time.sleep(0.02)
    with pytest.raises(migration.MigrationError, match="run owner owns shop"):
        migration.carry_out(lab.session, "shop", migration_plan.plan(lab.session, "shop"))
    assert len(migration_plan.plan(lab.session, "shop")) == 4
    assert lab.end("owner").status == "SUCCEEDED"


def test_a_run_waits_while_a_migration_holds_the_domain_and_its_own_run_goes_on(lab: Lab) -> None:
    assert lab.session.ledger.hold("shop", "moving", 60)
    lab.start("waiting")
    until = time.monotonic() + 20
    while "WaitForOwner" not in states_of(lab, "waiting") and time.monotonic() < until:
        time.sleep(0.05)
    assert lab.lock == "moving"
    assert lab.run("moving").status == "SUCCEEDED"
    run = lab.end("waiting")
    assert (run.status, "TakeOverLock" in run.states, lab.lock) == ("SUCCEEDED", False, None)


def test_a_migration_that_died_holds_nobody_for_long(lab: Lab) -> None:
    assert lab.session.ledger.hold("shop", "died", 60, now=time.time() - 61)
    run = lab.run("heir-of-migration")
    assert (run.status, "TakeOverLock" in run.states, lab.lock) == ("SUCCEEDED", True, None)


def test_of_tables_in_no_contract_only_the_named_go(lab: Lab, tables: None) -> None:
    steps = migration_plan.plan(lab.session, "shop", (), ["gold.old_report"])
    assert [s.readers for s in steps if s.table == "gold.old_report"] == ["queries of it fail from then on"]
    for rebuilt, dropped in ((["gold.old_report"], []), ([], ["silver.users"])):
        with pytest.raises(TableDropError, match="shop has no table"):
            migration_plan.plan(lab.session, "shop", rebuilt, dropped)


def test_a_table_that_this_lake_did_not_make_stops_the_plan(lab: Lab, tables: None) -> None:
    theirs = f"s3://{lab.session.names.bucket('gold')}/theirs/report"
    name = (lab.session.names.database("shop", "gold"), "their_report")
    schema = Schema(NestedField(1, "day", DateType(), required=False))
    athena.catalog_of(lab.session).create_table(name, schema, location=theirs)
    with pytest.raises(TableDropError, match=r"gold\.their_report has its files in .*/theirs/report"):
        migration_plan.plan(lab.session, "shop", (), ["gold.their_report"])
    assert len(migration_plan.plan(lab.session, "shop")) == 4


def test_a_migration_that_breaks_off_fills_what_it_changed(lab: Lab, tables: None) -> None:
    steps = [
        migration_plan.Step("silver.users_updates", "", "", anew=True),
        migration_plan.Step("silver.users", "", "", ("nothing",)),
    ]
    with pytest.raises(Exception, match="nothing"):
        migration.carry_out(lab.session, "shop", steps)
    assert is_marked(lab, "silver.users_updates")
    [recorded] = lab.session.ledger.migrations("shop")
    run = lab.end(recorded["run_id"])
    assert (run.status, run.jobs["bronze-to-silver"]["--full_refresh"]) == ("SUCCEEDED", "true")


def test_a_migration_that_died_before_its_run_is_ended_by_the_same_command(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.session.ledger.record_migration("shop", "never-began", time.time(), [])
    assert lab.session.ledger.hold("shop", "never-began", 60)
    assert main(["migrate", "shop", "--env", "dev"]) == 0
    assert "run never-began, which fills them, never started" in capsys.readouterr().err
    # The command as it was given: what was to be made anew is gone by now.
    assert main(["migrate", "shop", "--env", "dev", "--yes", "--rebuild", "silver.users"]) == 0
    run = lab.end("never-began")
    assert (run.status, run.jobs["bronze-to-silver"]["--full_refresh"]) == ("SUCCEEDED", "true")
    assert migration.unfilled(lab.session, "shop") is None


def test_a_migration_whose_run_failed_is_filled_by_another(lab: Lab) -> None:
    failed = time.strftime("%Y%m%dT%H%M%SZ-0-failed", time.gmtime(time.time() - 60))
    lab.session.ledger.record_migration("shop", failed, time.time(), [])
    assert lab.run(failed, {"full_refresh": True}, fails=True).status == "FAILED"
    assert main(["migrate", "shop", "--env", "dev", "--yes"]) == 0
    assert len(lab.session.ledger.migrations("shop")) == 2
    assert migration.unfilled(lab.session, "shop") is None


def test_what_a_run_that_died_left_beside_a_table_keeps_nobody_from_migrating(lab: Lab, tables: None) -> None:
    glue, database = lab.session.client("glue"), lab.session.names.database("shop", "silver")
    stored = glue.get_table(DatabaseName=database, Name="users_updates")["Table"]
    beside = {"Name": "users_updates__anew", "StorageDescriptor": stored["StorageDescriptor"]}
    glue.create_table(DatabaseName=database, TableInput=beside)
    try:
        assert len(migration_plan.plan(lab.session, "shop")) == 4
        assert migration_plan.in_no_contract("shop", stored_tables(lab.session, "shop")) == [
            "gold.old_report"
        ]
    finally:
        glue.delete_table(DatabaseName=database, Name="users_updates__anew")


def test_while_a_migration_is_filled_another_is_refused_and_the_plan_waits_for_nobody(
    lab: Lab, tables: None, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.session.ledger.record_migration("shop", "filling", time.time(), [])
    lab.start("filling", seconds=2)
    assert main(["migrate", "shop", "--env", "dev", "--drop", "gold.old_report", "--yes"]) == 1
    assert "run filling still fills the tables" in capsys.readouterr().err
    assert main(["migrate", "shop", "--env", "dev"]) == 0
    assert "nothing was changed; --yes follows it" in capsys.readouterr().err
    assert "gold.old_report" in stored_tables(lab.session, "shop")
    assert lab.end("filling").status == "SUCCEEDED"


def test_a_migration_whose_run_nobody_remembers_is_over(lab: Lab) -> None:
    lab.session.ledger.record_migration("shop", "long-ago", time.time() - 91 * 24 * 3600, [])
    assert migration.unfilled(lab.session, "shop") is None


def test_one_migration_does_not_take_the_domain_from_another(lab: Lab, tables: None) -> None:
    assert lab.session.ledger.hold("shop", "first", 60)
    with pytest.raises(migration.MigrationError, match="another migration holds shop until run first"):
        migration.carry_out(lab.session, "shop", migration_plan.plan(lab.session, "shop"))
    assert (lab.lock, len(migration_plan.plan(lab.session, "shop"))) == ("first", 4)


def test_a_migration_that_lost_the_domain_drops_no_more(
    lab: Lab, tables: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropping = migration.dropping

    def taken_over(session: Session, domain: str, table: str) -> Iterator[None]:
        for _ in dropping(session, domain, table):
            lab.table.put_item(Item={"pk": "lock#shop", "sk": "lock", "run_id": "thief"})
            yield

    monkeypatch.setattr(migration, "dropping", taken_over)
    before = stored_tables(lab.session, "shop")
    with pytest.raises(migration.MigrationError, match="run thief took shop"):
        migration.carry_out(lab.session, "shop", [migration_plan.Step("gold.old_report", "", "")])
    assert stored_tables(lab.session, "shop") == before
    [recorded] = lab.session.ledger.migrations("shop")
    assert lab.end(recorded["run_id"]).status == "SUCCEEDED"  # the thief is dead


def test_nothing_is_migrated_while_the_gate_is_closed(lab: Lab, tables: None) -> None:
    lab.session.ledger.halt("shop", "doubtful", ["too many nulls"])
    with pytest.raises(
        migration.MigrationError, match=r"(?s)doubtful closed the quality gate .* --accept-gate"
    ):
        migration.carry_out(lab.session, "shop", migration_plan.plan(lab.session, "shop"))
    assert (lab.lock, len(migration_plan.plan(lab.session, "shop"))) == (None, 4)


def test_nothing_is_migrated_to_a_contract_that_is_not_deployed(lab: Lab, tables: None) -> None:
    s3, name = lab.session.client("s3"), lab.session.names.job("shop", "silver-to-gold")
    library = lab.session.client("glue").get_job(JobName=name)["Job"]["DefaultArguments"]["--extra-py-files"]
    bucket, _, key = library.removeprefix("s3://").partition("/")
    deployed = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("shared/contracts/shop.odcs.json", "{}")
    s3.put_object(Bucket=bucket, Key=key, Body=other.getvalue())
    try:
        with pytest.raises(migration.MigrationError, match="jobs of shop have another contract"):
            migration.carry_out(lab.session, "shop", migration_plan.plan(lab.session, "shop"))
    finally:
        s3.put_object(Bucket=bucket, Key=key, Body=deployed)
    assert (lab.lock, len(migration_plan.plan(lab.session, "shop"))) == (None, 4)


def test_a_column_that_may_have_been_renamed_is_not_dropped_unasked(lab: Lab, tables: None) -> None:
    name = (lab.session.names.database("shop", "silver"), "users")
    athena.catalog_of(lab.session).drop_table(name)
    make(lab, "silver", "users", without="email", mail="string")
    [step] = [s for s in migration_plan.plan(lab.session, "shop") if s.table == "silver.users"]
    assert "or was it renamed to email? Then rename it first" in step.why
    with pytest.raises(migration.MigrationError, match=r"columns of silver\.users were renamed"):
        migration.carry_out(lab.session, "shop", [step])
    assert lab.lock is None
    [asked] = [
        s for s in migration_plan.plan(lab.session, "shop", ["silver.users"]) if s.table == "silver.users"
    ]
    assert (asked.columns, asked.unclear) == ((), False)


def test_on_the_laptop_what_is_meant_for_an_environment_drops_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["migrate", "shop", "--drop", "gold.old_report"]) == 1
    assert "are for --env NAME" in capsys.readouterr().err


def is_marked(lab: Lab, table: str) -> bool:
    zone, _, name = table.partition(".")
    stored = athena.catalog_of(lab.session).load_table((lab.session.names.database("shop", zone), name))
    return ANEW in stored.properties


def states_of(lab: Lab, name: str) -> list[str]:
    arn = lab.session.names.execution_arn("shop", name)
    events = lab.session.client("stepfunctions").get_execution_history(executionArn=arn)["events"]
    return [e["stateEnteredEventDetails"]["name"] for e in events if "stateEnteredEventDetails" in e]
