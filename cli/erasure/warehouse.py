"""The warehouse is asked for people, by the Redshift Data API.

No statement or parameter has a value of theirs, for Redshift keeps both in its history and its logs: values
are compared by hashes with a salt of each statement.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.erasure.search import Place
from cli.erasure.sought import Sought
from shared.names import WAREHOUSE, WAREHOUSE_DATABASE, Names
from shared.warehouse.ddl import identifier

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

COLUMNS = """SELECT c.table_name, c.column_name, c.data_type
FROM information_schema.columns c JOIN information_schema.tables t
ON c.table_schema = t.table_schema AND c.table_name = t.table_name
WHERE c.table_schema = :schema AND t.table_type = 'BASE TABLE' ORDER BY 1, 2"""
TEXTS = frozenset({"character varying", "character", "text"})
NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric"})
MOST_VALUES = 100  # that one statement compares
POLL_SECONDS = 0.2, 5.0  # at first, and at most
Rows = Sequence[Sequence[Mapping[str, Any]]]


class StatementError(Exception):
    """A statement that Redshift did not carry out; the text is Redshift's."""


@dataclass(frozen=True)
class Warehouse:
    """The environment's, as its loads reach it."""

    client: RedshiftDataAPIServiceClient
    names: Names

    def places(self, domain: str, sought: Sought) -> Iterator[Place | None]:
        """Tables of a domain with rows of people: by columns that say whose a row is, and by texts that are
        one of their values or its pseudonym. None for each that has none; what cannot be asked is told.
        """
        try:
            for table, columns in self._columns(domain, sought).items():
                parts = range(0, len(sought.texts), MOST_VALUES)
                rows = sum(
                    self._count(domain, table, columns, sought.texts[at : at + MOST_VALUES]) for at in parts
                )
                yield Place(WAREHOUSE, f"{domain}.{table} in the warehouse") if rows else None
        except (ClientError, StatementError) as error:
            yield Place(WAREHOUSE, f"the warehouse's tables of {domain}", unopened=str(error))

    def _columns(self, domain: str, sought: Sought) -> dict[str, list[str]]:
        """By table the columns that may hold people, as texts; also of tables that no contract names."""
        found: dict[str, list[str]] = {}
        for table, column, kind in self._rows(COLUMNS, {"schema": domain}):
            name, is_text = column["stringValue"], kind["stringValue"] in TEXTS
            if is_text or (kind["stringValue"] in NUMBERS and name in sought.columns):
                text = identifier(name) if is_text else f"CAST({identifier(name)} AS VARCHAR)"
                found.setdefault(table["stringValue"], []).append(text)
        return found

    def _count(self, domain: str, table: str, columns: Sequence[str], texts: Sequence[str]) -> int:
        salt = secrets.token_hex(16)
        hashes = {f"p{n}": _hash(_hash(text) + salt) for n, text in enumerate(texts)}
        known = ", ".join(f":{name}" for name in hashes)
        # Hashed before the salt is added: the longest text with anything beside it would be too long
        tests = " OR ".join(
            f"SHA2(SHA2({c}, 256) || CAST(:salt AS VARCHAR), 256) IN ({known})" for c in columns
        )
        sql = f"SELECT COUNT(*) FROM {identifier(domain, table)} WHERE {tests}"  # nosec B608: names of columns
        [[count]] = self._rows(sql, {"salt": salt, **hashes})
        return int(count["longValue"])

    def _rows(self, sql: str, parameters: Mapping[str, str]) -> Rows:
        """Raises StatementError and ClientError."""
        asked = self.client.execute_statement(
            WorkgroupName=self.names.name(WAREHOUSE),
            Database=WAREHOUSE_DATABASE,
            SecretArn=self.names.warehouse_secret,
            Sql=sql,
            Parameters=[{"name": name, "value": value} for name, value in parameters.items()],
        )["Id"]
        pause, most = POLL_SECONDS
        while (said := self.client.describe_statement(Id=asked))["Status"] != "FINISHED":
            if said["Status"] in ("FAILED", "ABORTED"):
                raise StatementError(said.get("Error", said["Status"]))
            time.sleep(pause)
            pause = min(2 * pause, most)
        pages = self.client.get_paginator("get_statement_result").paginate(Id=asked)
        return [row for page in pages for row in page["Records"]]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
