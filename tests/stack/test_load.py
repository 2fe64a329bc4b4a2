"""The load of gold, as the synthesized state machine runs it in the emulation, with PostgreSQL in Redshift's
place.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pg8000.dbapi as pg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cli import runs
from local import deploy
from local.aws import process
from local.session import Session
from local.session import laptop_session as laptop
from shared.contracts import Contract, contract
from shared.names import STAGES, Names
from shared.warehouse import Change, Snapshot, batches, manifest, plan
from shared.zones import warehouse_key
from tests.stack.conftest import ACCOUNT, REGION, Assembly
from tests.support.stand_in import put_script

DOMAIN, NAMES = "shop", Names("test", ACCOUNT, REGION)
SHOP = contract(DOMAIN)
# The jobs have nothing to do here: what gold's would leave behind is put there by the test. Silver's says, as
# the real one, that there is work when it is told so or a load is open.
JOB = """
import sys, boto3
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
table = boto3.resource("dynamodb").Table(f"{given['--prefix']}-{given['--env']}-ledger")
owed = "Item" in table.get_item(Key={"pk": "load#shop", "sk": "open"}, ConsistentRead=True)
changed = owed or "Item" not in table.get_item(Key={"pk": "plan", "sk": "nothing new"})
table.put_item(Item={"pk": "run#shop", "sk": given["--run_id"], "gate": "pass", "changed": changed, "findings": ""})
"""
DAILY = "daily_revenue"
COLUMNS = SHOP.table(DAILY).column_names
DAY = dt.date(2026, 5, 1)


def day(number: int, revenue: str) -> tuple[Any, ...]:
    return (DAY + dt.timedelta(days=number), 2, Decimal(revenue), Decimal("9.00"), None, 1)


class Lab:
    """A deployed emulation of environment test, which has a warehouse."""

    def __init__(self, session: Session, state: Path) -> None:
        self.session, self.s3 = session, session.client("s3")
        self._state, self._runs = state, 0
        self.kept = dict[int, dict[str, int]]()  # the data files of commits

    def put(self, name: str, content: bytes) -> str:
        bucket, key = NAMES.bucket("gold"), warehouse_key(DOMAIN, name)
        self.s3.put_object(Bucket=bucket, Key=key, Body=content)
        return f"s3://{bucket}/{key}"

    def commit(
        self, snapshot_id: int, *files: Sequence[tuple[Any, ...]], shop: Contract = SHOP, base: int = 0
    ) -> None:
        """What gold's job leaves after a commit of daily_revenue with these data files; `base`: an earlier
        commit from which a change is offered. Files of the same rows are the same.
        """
        table, sizes = shop.table(DAILY), {}
        for rows in files:
            types = [
                pa.date32(),
                pa.int64(),
                pa.decimal128(18, 2),
                pa.decimal128(18, 2),
                pa.decimal128(18, 2),
                pa.int64(),
            ]
            columns = [
                pa.array(values, type_) for values, type_ in zip(zip(*rows, strict=True), types, strict=True)
            ]
            content = io.BytesIO()
            pq.write_table(pa.table(columns, names=list(COLUMNS)), content)
            name = hashlib.sha256(content.getvalue()).hexdigest()[:8]
            sizes[self.put(f"data/{name}.parquet", content.getvalue())] = len(content.getvalue())
        snapshot = Snapshot(snapshot_id, sizes, COLUMNS, sum(map(len, files)))
        url = self.put(f"{DAILY}.manifest", manifest(sizes).encode())
        since = self.kept.get(base, {})
        removed = {u: n for u, n in since.items() if u not in sizes}
        added = {u: n for u, n in sizes.items() if u not in since}
        manifests = [
            self.put(f"{DAILY}.{what}", manifest(of).encode())
            for what, of in (("removed", removed), ("added", added))
        ]
        changes = [(Change(base, removed, added), *manifests)] if base else []
        made = batches(shop, table, snapshot, url, f"commit-{snapshot_id}", changes)
        self.kept[snapshot_id] = sizes
        self.put(f"{DAILY}.json", made.document().encode())
        self.put("plan.json", json.dumps(plan(shop, [(table, snapshot_id, {})])).encode())

    def run(self) -> tuple[runs.Outcome, list[str]]:
        self._runs += 1
        name, states = f"run-{self._runs}", []
        machine = NAMES.machine_arn(DOMAIN)
        self.session.client("stepfunctions").start_execution(stateMachineArn=machine, name=name, input="{}")
        return runs.follow(self.session, DOMAIN, name, states.append), states

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        # PostgreSQL's own format: the fourth line of its lock file is the port, the fifth the folder of its
        # socket.
        port, socket = (self._state / "warehouse" / "postmaster.pid").read_text().splitlines()[3:5]
        connection = pg.connect(user="postgres", database="postgres", unix_sock=f"{socket}/.s.PGSQL.{port}")
        try:
            cursor = connection.cursor()
            cursor.execute(sql)
            connection.commit()
            return [tuple(row) for row in cursor.fetchall()]
        finally:
            connection.close()

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        return self.query(f'select * from "{DOMAIN}"."{DAILY}" order by 1')

    @property
    def log(self) -> list[tuple[Any, ...]]:
        return self.query(f'select table_name, snapshot_id, run_id from "{DOMAIN}".load_log')


@pytest.fixture(scope="module")
def lab(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    state = tmp_path_factory.mktemp("aws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFN_WAIT_SCALE", "0.01")
        emulation = process.start(state)
    try:
        session = replace(laptop(emulation), names=NAMES)
        deploy.deploy_assembly(session, assembly.folder / "assembly-test", state / "recorded.json")
        put_script(session, DOMAIN, STAGES, JOB)
        yield Lab(session, state)
    finally:
        process.stop(state)


def test_the_first_load_makes_the_table_and_fills_it_from_every_data_file(lab: Lab) -> None:
    lab.commit(11, [day(0, "1.50"), day(1, "2.50")], [day(2, "3.00")])
    outcome, _ = lab.run()
    assert outcome.succeeded, outcome
    assert lab.rows == [day(0, "1.50"), day(1, "2.50"), day(2, "3.00")]
    assert lab.log == [(DAILY, "11", "commit-11")]


def test_a_snapshot_that_is_loaded_is_not_loaded_again(lab: Lab) -> None:
    _, states = lab.run()
    assert "ReadLoaded" in states
    assert "ReadStatements" not in states


def test_the_next_snapshot_replaces_all_rows_and_keeps_the_table_with_its_grants_and_views(lab: Lab) -> None:
    before = lab.query(f"select '{DOMAIN}.{DAILY}'::regclass::oid")
    lab.commit(12, [day(0, "7.00")])
    outcome, _ = lab.run()
    assert outcome.succeeded, outcome
    assert lab.rows == [day(0, "7.00")]
    assert lab.log == [(DAILY, "12", "commit-12")]
    assert lab.query(f"select '{DOMAIN}.{DAILY}'::regclass::oid") == before


def test_a_load_that_fails_changes_nothing_and_says_why(lab: Lab) -> None:
    lab.commit(13, [day(0, "8.00")], [day(1, "8.00")])
    broken = list(lab.kept[13])[1].rpartition("/")[2]
    lab.put(f"data/{broken}", b"PAR1 but not all of it")
    outcome, _ = lab.run()
    assert outcome.status == "FAILED"
    assert "content_length" in outcome.cause
    assert lab.rows == [day(0, "7.00")]
    assert lab.log == [(DAILY, "12", "commit-12")]


def test_the_run_after_a_failed_load_makes_up_for_it_though_nothing_new_came(lab: Lab) -> None:
    table = lab.session.boto.resource("dynamodb", endpoint_url=lab.session.endpoint).Table(NAMES.ledger_table)
    table.put_item(Item={"pk": "plan", "sk": "nothing new"})
    lab.commit(13, [day(0, "8.00")], [day(1, "8.00")])
    assert lab.run()[0].succeeded
    assert lab.rows == [day(0, "8.00"), day(1, "8.00")]
    _, states = lab.run()  # and then nothing is left to do
    assert "SilverToGold" not in states
    table.delete_item(Key={"pk": "plan", "sk": "nothing new"})


def test_an_emptied_table_is_emptied(lab: Lab) -> None:
    lab.commit(14)
    assert lab.run()[0].succeeded
    assert lab.rows == []


def test_a_changed_definition_rebuilds_the_table_with_its_comments(lab: Lab) -> None:
    table = SHOP.table(DAILY)
    told = replace(table, description="Money, told anew.")
    shop = replace(SHOP, gold=tuple(told if t is table else t for t in SHOP.gold))
    lab.commit(15, [day(0, "9.00")], shop=shop)
    assert lab.run()[0].succeeded
    assert lab.rows == [day(0, "9.00")]
    assert lab.query(f"select obj_description('{DOMAIN}.{DAILY}'::regclass)") == [("Money, told anew.",)]


# --- what changed since the snapshot that the warehouse holds -----------------------------------------------

OLD, LATE, NEW = [day(0, "1.00"), day(1, "1.00")], [day(2, "1.00")], [day(2, "5.00"), day(3, "1.00")]
# Of each row the transaction that wrote it: rows that were loaded again are known by another.
WRITTEN = f"select date, xmin::text from {DOMAIN}.{DAILY} where date < '2026-05-03' order by 1"


def filled(lab: Lab, snapshot_id: int) -> list[Any]:
    """The warehouse holds OLD and LATE; when the rows of OLD were written."""
    lab.commit(snapshot_id, OLD, LATE)
    assert lab.run()[0].succeeded
    return lab.query(WRITTEN)


def test_only_what_changed_is_loaded_where_the_warehouse_holds_the_snapshot_before(lab: Lab) -> None:
    written = filled(lab, 21)
    lab.commit(22, OLD, NEW, base=21)
    assert lab.run()[0].succeeded
    assert lab.rows == [*OLD, *NEW]
    assert lab.log == [(DAILY, "22", "commit-22")]
    assert lab.query(WRITTEN) == written


def test_rows_that_left_gold_leave_the_warehouse(lab: Lab) -> None:
    filled(lab, 23)
    lab.commit(24, OLD, base=23)
    assert lab.run()[0].succeeded
    assert lab.rows == OLD


def test_a_change_from_a_snapshot_that_the_warehouse_does_not_hold_is_not_used(lab: Lab) -> None:
    filled(lab, 25)
    lab.commit(26, OLD, NEW)  # nobody loads this one
    lab.commit(27, OLD, NEW, [day(4, "9.00")], base=26)
    assert lab.run()[0].succeeded
    assert lab.rows == [*OLD, *NEW, day(4, "9.00")]


def test_a_change_that_does_not_give_the_rows_of_gold_is_loaded_with_all_rows(lab: Lab) -> None:
    written = filled(lab, 28)
    lab.query(f"delete from {DOMAIN}.{DAILY} where date = '2026-05-01' returning 1")  # by somebody else
    lab.commit(29, OLD, NEW, base=28)
    outcome, states = lab.run()
    assert outcome.succeeded
    assert lab.rows == [*OLD, *NEW]
    assert set(lab.query(WRITTEN)).isdisjoint(written)
    assert states.count("RunBatch") == 3  # the opening, the change, all rows
