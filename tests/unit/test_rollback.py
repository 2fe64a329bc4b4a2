"""`./lake rollback` on real Iceberg tables, with an emulated catalog, ledger and state machine."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from moto import mock_aws
from pyiceberg.catalog import Catalog
from pyiceberg.table import Table
from pyiceberg.types import IntegerType

from cli import rollback
from cli.rollback import roll_back
from local import athena
from local.athena import catalog_of
from local.errors import LakeError
from local.ledger_table import create_ledger_table
from local.session import Session
from tests.support.moto_session import MACHINE, NAMES


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", NAMES.region)
    with mock_aws():
        create_ledger_table(boto3.resource("dynamodb"), NAMES.ledger_table)
        for zone in ("silver", "gold"):
            catalog_of(Session(NAMES, boto3.Session())).create_namespace(NAMES.database("shop", zone))
        yield Session(NAMES, boto3.Session())


def write(catalog: Catalog, folder: Path, zone: str, table: str, number: int) -> dt.datetime:
    """Makes the number the table's only row, and gives a moment after that and before whatever comes next."""
    rows, name = pa.table({"n": [number]}), (NAMES.database("shop", zone), table)
    if catalog.table_exists(name):
        catalog.load_table(name).overwrite(rows)
    else:
        catalog.create_table(name, rows.schema, location=f"file://{folder}/{zone}/{table}").append(rows)
    time.sleep(0.01)
    moment = dt.datetime.now(dt.UTC)
    time.sleep(0.01)
    return moment


def content(catalog: Catalog, zone: str, table: str) -> list[int]:
    return catalog.load_table((NAMES.database("shop", zone), table)).scan().to_arrow()["n"].to_pylist()


def outcomes(session: Session, moment: dt.datetime) -> dict[str, str]:
    return {r.table: r.outcome for r in roll_back(session, "shop", moment) if r.outcome != "absent"}


def test_the_next_run_looks_again_for_columns_to_fill_and_for_rows_that_had_left(
    session: Session, tmp_path: Path
) -> None:
    catalog = catalog_of(session)
    moment = write(catalog, tmp_path, "silver", "events", 1)
    with catalog.load_table((NAMES.database("shop", "silver"), "events")).transaction() as change:
        known = {"lakehouse.names.0a": "1,2", "lakehouse.kept-since": "2026-06-01", "other": "3"}
        change.set_properties(known)
    write(catalog, tmp_path, "silver", "events", 2)
    outcomes(session, moment)
    properties = catalog.load_table((NAMES.database("shop", "silver"), "events")).properties
    assert {name: properties[name] for name in known} == {**dict.fromkeys(known, ""), "other": "3"}


def test_a_table_that_got_a_column_since_is_computed_as_a_whole_by_the_next_run(
    session: Session, tmp_path: Path
) -> None:
    """Its files are of the older columns; new ones beside them would be of others, which COPY refuses."""
    catalog = catalog_of(session)
    for table in ("daily_revenue", "user_ltv"):
        moment = write(catalog, tmp_path, "gold", table, 1)
    names = {t: (NAMES.database("shop", "gold"), t) for t in ("daily_revenue", "user_ltv")}
    with catalog.load_table(names["daily_revenue"]).update_schema() as change:
        change.add_column("more", IntegerType())
    for table in names.values():
        catalog.load_table(table).append(pa.table({"n": [2]}))
    outcomes(session, moment)
    behind = {t: catalog.load_table(n).properties.get("lakehouse.behind") for t, n in names.items()}
    assert behind == {"daily_revenue": "true", "user_ltv": None}


def test_every_table_is_as_it_was_and_forward_again(session: Session, tmp_path: Path) -> None:
    lake = catalog_of(session)
    write(lake, tmp_path, "silver", "users", 1)
    early = write(lake, tmp_path, "gold", "daily_revenue", 10)
    late = write(lake, tmp_path, "silver", "users", 2)
    write(lake, tmp_path, "silver", "users", 3)
    write(lake, tmp_path, "silver", "events", 100)
    assert outcomes(session, early) == {
        "silver.users": "back",
        "silver.events": "later",
        "gold.daily_revenue": "same",
    }
    assert (content(lake, "silver", "users"), content(lake, "silver", "events")) == ([1], [100])
    assert outcomes(session, late)["silver.users"] == "back"
    assert content(lake, "silver", "users") == [2]


def test_a_forgetful_table_is_left_alone_at_a_moment_before_it_was_there(
    session: Session, tmp_path: Path
) -> None:
    lake = catalog_of(session)
    for number in (1, 2, 3):
        write(lake, tmp_path, "silver", "users", number)
    forgetful = lake.load_table((NAMES.database("shop", "silver"), "users"))
    forgetful.maintenance.expire_snapshots().by_ids(
        [s.snapshot_id for s in forgetful.snapshots()[:-1]]
    ).commit()
    before = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert outcomes(session, before) == {"silver.users": "later"}
    assert content(lake, "silver", "users") == [3]


def test_nothing_goes_back_behind_the_moment_in_which_a_table_was_made_anew(
    session: Session, tmp_path: Path
) -> None:
    """It began with rows, and the old one's snapshots are gone: it was not `later` than the moment."""
    catalog = catalog_of(session)
    early = write(catalog, tmp_path, "gold", "daily_revenue", 1)
    write(catalog, tmp_path, "gold", "daily_revenue", 2)
    moment = write(catalog, tmp_path, "silver", "users", 1)
    swapped = str(int(moment.timestamp() * 1000))
    with catalog.load_table((NAMES.database("shop", "silver"), "users")).transaction() as change:
        change.set_properties({"lakehouse.swapped": swapped})
    with pytest.raises(
        LakeError, match=r"silver\.users was made anew at .* does not know what it was before"
    ):
        roll_back(session, "shop", early)
    assert content(catalog, "gold", "daily_revenue") == [2]
    assert outcomes(session, moment + dt.timedelta(milliseconds=1))["silver.users"] == "same"


def test_a_query_reads_a_table_as_it_was(session: Session, tmp_path: Path) -> None:
    lake = catalog_of(session)
    early = write(lake, tmp_path, "silver", "users", 1)
    write(lake, tmp_path, "silver", "users", 2)
    first = lake.load_table((NAMES.database("shop", "silver"), "users")).snapshots()[0].snapshot_id

    def numbers(as_of: str) -> list[tuple[Any, ...]]:
        return athena.run(session, f"select n from silver.users {as_of}", ["shop"]).rows

    assert numbers("") == [(2,)]
    assert numbers(f"for timestamp as of timestamp '{early:%Y-%m-%d %H:%M:%S.%f} UTC'") == [(1,)]
    assert numbers(f"for version as of {first}") == [(1,)]
    for never in ("timestamp as of timestamp '2020-01-01 00:00:00 UTC'", "version as of 7"):
        with pytest.raises(LakeError, match="users has no snapshot as of"):
            numbers(f"for {never}")


def test_a_moment_that_one_table_has_forgotten_changes_no_table(session: Session, tmp_path: Path) -> None:
    lake = catalog_of(session)
    for table in ("users", "events"):
        moment = write(lake, tmp_path, "silver", table, 1)
    for table in ("users", "events"):
        for number in (2, 3):
            write(lake, tmp_path, "silver", table, number)
    forgetful = lake.load_table((NAMES.database("shop", "silver"), "events"))
    forgetful.maintenance.expire_snapshots().by_ids(
        [s.snapshot_id for s in forgetful.snapshots()[:-1]]
    ).commit()
    with pytest.raises(LakeError, match=r"silver\.events no longer knows .* No table was changed"):
        roll_back(session, "shop", moment)
    assert [content(lake, "silver", t) for t in ("users", "events")] == [[3], [3]]


def test_a_table_to_which_somebody_commits_meanwhile_stays_and_goes_back_the_second_time(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = catalog_of(session)
    for table in ("events", "users"):
        moment = write(lake, tmp_path, "silver", table, 1)
    for table in ("events", "users"):
        write(lake, tmp_path, "silver", table, 2)
    forget = rollback._forget_what_is_known

    def somebody_is_faster(stored: Table) -> None:
        forget(stored)
        if stored.name()[-1] == "users":
            write(lake, tmp_path, "silver", "users", 3)

    monkeypatch.setattr(rollback, "_forget_what_is_known", somebody_is_faster)
    with pytest.raises(
        LakeError, match=r"(?s)somebody committed to silver\.users while .* same command again"
    ):
        roll_back(session, "shop", moment)
    assert [content(lake, "silver", t) for t in ("events", "users")] == [[1], [3]]
    monkeypatch.setattr(rollback, "_forget_what_is_known", forget)
    assert outcomes(session, moment) == {"silver.users": "back", "silver.events": "same"}
    assert [content(lake, "silver", t) for t in ("events", "users")] == [[1], [1]]


@pytest.mark.parametrize("state", ["running", "stopped", "unknown"])
def test_only_a_living_run_keeps_the_domain_to_itself(session: Session, tmp_path: Path, state: str) -> None:
    lake, states = catalog_of(session), session.client("stepfunctions")
    moment = write(lake, tmp_path, "silver", "users", 1)
    write(lake, tmp_path, "silver", "users", 2)
    lock: dict[str, Any] = {"pk": "lock#shop", "sk": "lock", "run_id": "r1"}
    session.boto.resource("dynamodb").Table(NAMES.ledger_table).put_item(Item=lock)
    role = "arn:aws:iam::123456789012:role/states"
    machine = states.create_state_machine(
        name=NAMES.state_machine("shop"), definition=json.dumps(MACHINE), roleArn=role
    )
    if state != "unknown":
        run = states.start_execution(stateMachineArn=machine["stateMachineArn"], name="r1")["executionArn"]
        if state == "stopped":
            states.stop_execution(executionArn=run)
    if state == "running":
        with pytest.raises(LakeError, match="run r1 owns shop"):
            roll_back(session, "shop", moment)
    else:
        assert outcomes(session, moment) == {"silver.users": "back"}
    assert content(lake, "silver", "users") == ([2] if state == "running" else [1])


def test_nothing_goes_back_while_a_migration_holds_the_domain(session: Session, tmp_path: Path) -> None:
    lake = catalog_of(session)
    moment = write(lake, tmp_path, "silver", "users", 1)
    write(lake, tmp_path, "silver", "users", 2)
    assert session.ledger.hold("shop", "filling", 60)
    with pytest.raises(LakeError, match="a migration holds shop until run filling"):
        roll_back(session, "shop", moment)
    assert content(lake, "silver", "users") == [2]
    assert session.ledger.hold("shop", "filling", 60, now=time.time() - 61)
    assert outcomes(session, moment) == {"silver.users": "back"}
