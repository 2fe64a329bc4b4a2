"""A smoke's leases and removal: what must stay, and what must go."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from cli.scaffold import SMOKE
from cli.smoke import definition as definitions
from cli.smoke.definition import SmokeError
from cli.smoke.removal import refuse_others, remove
from cli.smoke.run import smoke
from local.session import Session
from shared.ledger.model import FileId, FileStatus, LedgerFile, RowCounts, RunResult
from shared.names import DATA_ZONES
from stacks import packaging
from tests.support.moto_session import NAMES, moto_session

TOKENS = (f"k{n}" for n in itertools.count())


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None, tmp_path: Path) -> Iterator[Session]:
    """The domain `web` is made for smokes, `shop` is not; both have a table and an object in every zone."""
    folders = {domain: tmp_path / domain for domain in ("web", "shop")}
    (folders["web"] / "smoke").mkdir(parents=True)
    (folders["web"] / "smoke" / "__init__.py").write_text("")
    monkeypatch.setattr(definitions, "domain_folder", folders.__getitem__)
    with moto_session(monkeypatch) as session:
        for zone in DATA_ZONES:
            session.client("s3").create_bucket(Bucket=NAMES.bucket(zone))
            session.client("s3").put_bucket_versioning(
                Bucket=NAMES.bucket(zone), VersioningConfiguration={"Status": "Enabled"}
            )
            for domain in folders:
                _fill(session, domain, zone)
        yield session


def _fill(session: Session, domain: str, zone: str) -> None:
    glue, s3, database = session.client("glue"), session.client("s3"), NAMES.database(domain, zone)
    glue.create_database(DatabaseInput={"Name": database})
    glue.create_table(DatabaseName=database, TableInput={"Name": "logs"})
    for _ in range(2):  # two versions
        s3.put_object(Bucket=NAMES.bucket(zone), Key=f"{domain}/logs/smoke-1/a.json", Body=b"x")


def objects(session: Session) -> list[str]:
    pages = [session.client("s3").list_object_versions(Bucket=NAMES.bucket(zone)) for zone in DATA_ZONES]
    return [v["Key"] for page in pages for v in (*page.get("Versions", []), *page.get("DeleteMarkers", []))]


def tables(session: Session, domain: str) -> int:
    glue = session.client("glue")
    return sum(len(glue.get_tables(DatabaseName=NAMES.database(domain, z))["TableList"]) for z in DATA_ZONES)


def test_a_domain_goes_with_every_version_and_its_neighbour_stays(session: Session) -> None:
    session.client("s3").put_object(Bucket=NAMES.bucket("bronze"), Key="archive/web/logs/a.json", Body=b"x")
    session.client("s3").delete_object(Bucket=NAMES.bucket("gold"), Key="web/logs/smoke-1/a.json")
    remove(session, "web")
    assert set(objects(session)) == {"shop/logs/smoke-1/a.json"}
    assert len(objects(session)) == 2 * len(DATA_ZONES)
    assert (tables(session, "web"), tables(session, "shop")) == (3, len(DATA_ZONES))
    glue = session.client("glue")  # those over files as they are stay: they are of the stacks
    for zone in ("silver", "gold", "quarantine"):
        assert glue.get_tables(DatabaseName=NAMES.database("web", zone))["TableList"] == []


def test_a_domain_of_somebody_is_never_removed(session: Session) -> None:
    with pytest.raises(SmokeError, match="shop is not made for a smoke: nothing was removed"):
        remove(session, "shop")
    assert tables(session, "shop") == len(DATA_ZONES)


def test_files_that_no_smoke_dropped_stop_it_before_anything(session: Session) -> None:
    session.client("s3").put_object(Bucket=NAMES.bucket("raw"), Key="web/logs/mine.json", Body=b"x")
    with pytest.raises(SmokeError, match=r"web/logs/mine\.json was dropped by no smoke"):
        refuse_others(session, "web")
    with pytest.raises(SmokeError, match="dropped by no smoke"):
        remove(session, "web")
    assert tables(session, "web") == len(DATA_ZONES)


def test_files_that_were_deleted_and_can_be_had_back_stop_it_too(session: Session) -> None:
    s3, bucket = session.client("s3"), NAMES.bucket("raw")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="web/logs/mine.json", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="web/logs/mine.json")
    with pytest.raises(SmokeError, match="dropped by no smoke"):
        remove(session, "web")


def test_an_environment_has_one_domain_for_it(session: Session) -> None:
    with pytest.raises(
        SmokeError, match=r"0 domains that are made for a smoke, expected one\n  → \./lake new"
    ):
        definitions.definition(["shop"])


def test_a_smoke_is_never_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaging, "domain_folder", lambda domain: SMOKE)
    assert set(packaging.domain_sources("x")) == {"domains/x/__init__.py", "domains/x/transforms.py"}


def test_two_smokes_at_once_are_refused(session: Session) -> None:
    assert session.ledger.lease("web", "a", now=1000, until=2**40)
    assert session.ledger.lease("shop", "b", now=2000, until=5600)
    made = definitions.Definition("web", lambda token: {}, {}, lambda files: {})
    with pytest.raises(SmokeError, match="another smoke of web goes on"):
        smoke(session, made)
    assert tables(session, "web") == len(DATA_ZONES)


def test_a_lease_that_ran_out_or_is_overruled_is_no_hindrance(session: Session) -> None:
    ledger = session.ledger
    assert ledger.lease("web", "a", now=1000, until=4600)
    assert ledger.lease("web", "b", now=4601, until=8201)
    assert ledger.lease("web", "c", now=4602, until=8202, anyway=True)
    ledger.end_lease("web", "b")  # c's stays
    assert not ledger.lease("web", "d", now=4603, until=8203)
    ledger.end_lease("web", "c")
    assert ledger.lease("web", "d", now=4603, until=8203)


def known(session: Session, domain: str, status: FileStatus, sha256: str | None) -> None:
    key = f"{domain}/logs/{next(TOKENS)}"
    file = FileId(NAMES.bucket("raw"), key, "v1", "0F")
    session.ledger.claim(file, "me")
    if status is not FileStatus.CLAIMED:
        outcome = LedgerFile(
            file.bucket,
            key,
            "v1",
            domain,
            "logs",
            status,
            sha256=sha256,
            ingested_at="2026-01-01T00:00:00+00:00",
        )
        session.ledger.conclude(outcome, "me")


def items(session: Session) -> list[str]:
    table = boto3.resource("dynamodb").Table(NAMES.ledger_table)
    return sorted(item["pk"] for item in table.scan()["Items"])


def test_the_ledger_forgets_one_domain_but_its_lock_and_places(session: Session) -> None:
    ledger = session.ledger
    for domain in ("shop", "web"):
        for n, status in enumerate(FileStatus):
            known(session, domain, status, f"hash{n}")
        ledger.content_owner(domain, "logs", "hash2", FileId("b", "k", "v"))
        ledger.record_run(RunResult(domain, "logs", "r1", RowCounts()))
        ledger.record_summary(domain, "r1", "pass", changed=True)
        ledger.open_attempt(domain, "logs", "r1")
        ledger.halt(domain, "r1", ["late"])
        table = boto3.resource("dynamodb").Table(NAMES.ledger_table)
        for item in (
            {"pk": f"days#{domain}/logs", "sk": "2026-01-01"},
            {"pk": f"observed#{domain}", "sk": "learnt#logs"},
            {"pk": f"load#{domain}", "sk": "open"},
            {"pk": f"lock#{domain}", "sk": "lock"},
        ):
            table.put_item(Item=item)
    before = items(session)
    ledger.forget_domain("web")
    after = items(session)
    shops = [pk for pk in before if "web" not in pk]
    assert [pk for pk in after if pk != "lock#web"] == shops
    assert after.count("lock#web") == 1
