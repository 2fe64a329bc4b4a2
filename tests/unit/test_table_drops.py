"""Tables dropped from an emulated catalog and bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.table_drops import TableDropError, drop_tables, stored_tables
from local.session import Session
from shared.names import CHANGES
from tests.support.moto_session import NAMES, moto_session

TABLES = {"silver": ("users", "users_updates", CHANGES), "gold": ("daily_revenue",)}


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    with moto_session(monkeypatch) as session:
        for zone, tables in TABLES.items():
            session.client("s3").create_bucket(Bucket=NAMES.bucket(zone))
            database = {"Name": NAMES.database("shop", zone)}
            session.client("glue").create_database(DatabaseInput=database)
            _fill(session, zone, tables)
        yield session


def _fill(session: Session, zone: str, tables: tuple[str, ...]) -> None:
    glue, s3, database = session.client("glue"), session.client("s3"), NAMES.database("shop", zone)
    for table in tables:
        place = {"Location": f"s3://{NAMES.bucket(zone)}/shop/{table}"}
        iceberg = {"Name": table, "StorageDescriptor": place, "Parameters": {"table_type": "ICEBERG"}}
        glue.create_table(DatabaseName=database, TableInput=iceberg)
        s3.put_object(Bucket=NAMES.bucket(zone), Key=f"shop/{table}/data/a.parquet", Body=b"x")


def objects(session: Session) -> list[str]:
    listed = [session.client("s3").list_objects_v2(Bucket=NAMES.bucket(zone)) for zone in TABLES]
    return [o["Key"] for page in listed for o in page.get("Contents", [])]


def test_a_dropped_table_leaves_nothing_and_its_neighbours_everything(session: Session) -> None:
    drop_tables(session, "shop", ["silver.users", "gold.daily_revenue"])
    assert stored_tables(session, "shop") == ["silver.users_updates"]
    assert objects(session) == [f"shop/{CHANGES}/data/a.parquet", "shop/users_updates/data/a.parquet"]


def test_what_remembers_deletes_goes_with_its_table(session: Session) -> None:
    _fill(session, "silver", ("users_deleted", "users_updates_deleted"))
    drop_tables(session, "shop", ["silver.users"])
    assert stored_tables(session, "shop") == [
        *("gold.daily_revenue", "silver.users_updates", "silver.users_updates_deleted"),
    ]


def test_an_unknown_table_drops_none(session: Session) -> None:
    with pytest.raises(TableDropError, match=r"shop has no table gold\.nope; expected some of gold\.daily"):
        drop_tables(session, "shop", ["silver.users", "gold.nope"])
    assert len(stored_tables(session, "shop")) == 3


def test_nothing_is_dropped_under_a_run(session: Session) -> None:
    machine = NAMES.machine_arn("shop")
    session.client("stepfunctions").start_execution(stateMachineArn=machine, name="r1")
    with pytest.raises(
        TableDropError, match=r"run r1 goes on: wait for it, or `\./lake run shop --demo --stop`"
    ):
        drop_tables(session, "shop", ["silver.users"], " --demo")
    assert len(objects(session)) == 4
