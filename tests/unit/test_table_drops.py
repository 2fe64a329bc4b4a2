"""Tables dropped from an emulated catalog and bucket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.table_drops import TableDropError, drop_tables, dropping, stored_tables
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


def test_what_a_run_left_beside_a_table_keeps_nobody_from_dropping_that(session: Session) -> None:
    glue, database = session.client("glue"), NAMES.database("shop", "silver")
    place = {"Location": f"s3://{NAMES.bucket('silver')}/shop/users"}
    glue.create_table(DatabaseName=database, TableInput={"Name": "users__anew", "StorageDescriptor": place})
    assert "silver.users__anew" not in stored_tables(session, "shop")
    drop_tables(session, "shop", ["silver.users"])
    left = [t["Name"] for t in glue.get_tables(DatabaseName=database)["TableList"]]
    assert sorted(left) == sorted([CHANGES, "users_updates"])


def test_an_unknown_table_drops_none(session: Session) -> None:
    with pytest.raises(TableDropError, match=r"shop has no table gold\.nope; expected some of gold\.daily"):
        drop_tables(session, "shop", ["silver.users", "gold.nope"])
    assert len(stored_tables(session, "shop")) == 3


def test_nothing_is_dropped_under_a_run(session: Session) -> None:
    machine = NAMES.machine_arn("shop")
    session.client("stepfunctions").start_execution(stateMachineArn=machine, name="r1")
    with pytest.raises(TableDropError, match=r"(?s)run r1 goes on\. .*\./lake run shop --demo --stop"):
        drop_tables(session, "shop", ["silver.users"], " --demo")
    assert len(objects(session)) == 4


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("s3://theirs/shop/report", "not below s3://lakehouse-dev-gold-"),
        ("s3://GOLD/other/report", "not below s3://lakehouse-dev-gold-"),
        ("s3://GOLD/shop", "not below s3://lakehouse-dev-gold-"),
        ("s3://GOLD/shop/daily_revenue", r"gold\.daily_revenue has its files in .* too"),
        ("", "has its files in no place"),
    ],
)
def test_files_outside_a_folder_of_the_domain_that_is_the_tables_own_stay(
    session: Session, location: str, found: str
) -> None:
    place = {"Location": location.replace("GOLD", NAMES.bucket("gold"))}
    iceberg = {"Name": "report", "StorageDescriptor": place, "Parameters": {"table_type": "ICEBERG"}}
    session.client("glue").create_table(DatabaseName=NAMES.database("shop", "gold"), TableInput=iceberg)
    with pytest.raises(TableDropError, match=found):
        drop_tables(session, "shop", ["silver.users", "gold.report"])
    assert (len(objects(session)), len(stored_tables(session, "shop"))) == (4, 4)


def test_files_of_a_table_that_is_made_anew_meanwhile_stay(session: Session) -> None:
    requests = dropping(session, "shop", "silver.users")
    next(requests)
    new = "shop/users/data/b.parquet"
    session.client("s3").put_object(Bucket=NAMES.bucket("silver"), Key=new, Body=b"x")
    assert len(list(requests)) == 1
    assert [key for key in objects(session) if key.startswith("shop/users/")] == [new]


def test_files_that_s3_keeps_are_told(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 answers 200 to a request of which it did a part."""
    s3, client = session.client("s3"), Session.client
    refusal = {"Key": "shop/users/data/a.parquet", "Code": "AccessDenied", "Message": "Access Denied"}
    monkeypatch.setattr(s3, "delete_objects", lambda **_: {"Errors": [refusal]})
    monkeypatch.setattr(Session, "client", lambda self, name: s3 if name == "s3" else client(self, name))
    with pytest.raises(
        TableDropError,
        match=r"silver\.users is dropped, but 1 of its files stay below s3://.*/shop/users/: "
        r"shop/users/data/a\.parquet: Access Denied",
    ):
        drop_tables(session, "shop", ["silver.users"])
    assert "silver.users" not in stored_tables(session, "shop")
