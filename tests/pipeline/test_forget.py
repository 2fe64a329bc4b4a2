"""`./lake forget` as people give it: on a deployed lake, whose ingest function hears of every rewritten file."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from cli import demo, runs
from cli.verbs.forget import erasure_of
from local import deploy, toolchain
from local.aws import process
from local.session import Session, laptop_session
from shared.ledger.model import FileStatus
from shared.names import WAREHOUSE
from tests.stack.conftest import Assembly, assembly

__all__ = ["assembly"]
TIMES = '"ts":"2024-05-01T10:00:00Z"'
EVENTS = (
    f'{{"event_id":"e1","user_id":"u42","email":"u42@example.org",{TIMES}}}\n'
    f'{{"event_id":"e2","user_id":"u1",{TIMES}}}\n'
)
USERS = "user_id,name,updated_at\nu42,Ann,2024-05-01T10:00:00Z\nu1,Bob,2024-05-01T10:00:00Z\n"
FILES = {
    "shop/events/a.ndjson": EVENTS.encode(),
    "shop/users/a.csv.gz": gzip.compress(USERS.encode()),
}


@pytest.fixture(scope="module")
def lake(assembly: Assembly) -> Iterator[Session]:
    """The laptop's lake after a run of a person and somebody else. Not below pytest's folder: where root runs
    the tests the warehouse's server has a user of its own, to whom that may be closed.
    """
    toolchain.jars()
    with TemporaryDirectory() as folder:
        yield from _lake(assembly, Path(folder))


def _lake(assembly: Assembly, folder: Path) -> Iterator[Session]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_WAIT_SCALE", "0.01")
        emulation = process.start(folder)
    try:
        session = laptop_session(emulation)
        deploy.deploy_assembly(session, assembly.folder / "assembly-dev", folder / "recorded.json")
        deliver(session, FILES)
        outcome = runs.follow(session, "shop", runs.start(session, "shop", {}), lambda _: None)
        assert outcome.succeeded, outcome
        yield session
    finally:
        process.stop(folder)


def deliver(session: Session, files: dict[str, bytes]) -> None:
    for key, content in files.items():
        session.client("s3").put_object(Bucket=session.names.bucket("raw"), Key=key, Body=content)
    demo.wait_for_outcomes(session, "shop", set(files))


def raw(session: Session, key: str) -> bytes:
    got: Any = session.client("s3").get_object(Bucket=session.names.bucket("raw"), Key=key)
    body: bytes = got["Body"].read()
    return body


def test_a_person_is_forgotten_and_the_events_of_the_rewritten_files_bring_no_new_ones(lake: Session) -> None:
    receipt = erasure_of(lake, "shop", {"user_id": frozenset({"u42"})}).carry_out(whole=False)
    assert receipt.proven, receipt
    assert receipt.records == {"raw": 2, "bronze": 2}
    assert receipt.warehouse == "there is none"
    assert raw(lake, "shop/events/a.ndjson") == EVENTS.splitlines(True)[1].encode()
    assert gzip.decompress(raw(lake, "shop/users/a.csv.gz")).splitlines()[1:] == [
        b"u1,Bob,2024-05-01T10:00:00Z"
    ]
    statuses = [f.status for f in lake.ledger.files("shop")]
    while len(statuses) < 4 or FileStatus.CLAIMED in statuses:
        statuses = [f.status for f in lake.ledger.files("shop")]
    assert sorted(statuses) == [*2 * [FileStatus.ACCEPTED], *2 * [FileStatus.IGNORED]]
    assert not lake.ledger.pending("shop", "events")
    [erasure] = lake.ledger.erasures("shop")
    assert erasure["proven"]
    assert lake.ledger.lock_owner("shop") is None


def test_a_warehouse_is_asked_too(lake: Session) -> None:
    """Its stack is there, though the settings ask for none, and a table that no contract names."""
    stack = {"Resources": {"Any": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
    lake.client("cloudformation").create_stack(
        StackName=lake.names.name(WAREHOUSE), TemplateBody=json.dumps(stack)
    )
    warehouse, place = lake.client("redshift-data"), {"WorkgroupName": "any", "Database": "lake"}
    for sql in ('CREATE SCHEMA "shop"', """CREATE TABLE "shop"."old" AS SELECT 'u43' AS "user_id" """):
        asked = warehouse.execute_statement(**place, Sql=sql)["Id"]
        assert warehouse.describe_statement(Id=asked)["Status"] == "FINISHED"
    found, places, unsearched = erasure_of(lake, "shop", {"user_id": frozenset({"u43"})}).plan()
    assert (found, [p.where for p in places], unsearched) == ([], ["shop.old in the warehouse"], ())
