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

from botocore.exceptions import BotoCoreError, ClientError

from cli.erasure.search import Place
from cli.erasure.sought import BLANKS, Sought
from shared.names import WAREHOUSE, WAREHOUSE_DATABASE, Names
from shared.warehouse.ddl import identifier, literal

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

COLUMNS = """SELECT c.table_name, c.column_name, c.data_type
FROM information_schema.columns c JOIN information_schema.tables t
ON c.table_schema = t.table_schema AND c.table_name = t.table_name
WHERE c.table_schema = :schema AND t.table_type = 'BASE TABLE' ORDER BY 1, 2"""
TEXTS = frozenset({"character varying", "character", "text"})
EXACT = frozenset({"smallint", "integer", "bigint", "numeric"})
FLOATS = frozenset({"real", "double precision"})
# Of one statement, which may have 100 kB (Redshift Data API); a name may have 127 bytes, each of them a quote
MOST_VALUES, MOST_COLUMNS = 100, 40
POLL_SECONDS = 0.2, 5.0  # at first, and at most
MOST_SECONDS = 1500  # that one statement may take: two of them in an hour, for which the domain is held
Rows = Sequence[Sequence[Mapping[str, Any]]]


class StatementError(Exception):
    """A statement that Redshift did not carry out."""


@dataclass(frozen=True)
class Unasked:
    """A warehouse that cannot be asked, `why`."""

    why: str

    def places(self, domain: str, sought: Sought) -> Iterator[Place | None]:
        yield Place(WAREHOUSE, f"the warehouse's tables of {domain}", unopened=self.why)


def kept_namespace(serverless: Any, names: Names) -> Unasked | None:
    """What an environment whose stack is gone may still have, for the stack leaves the tables behind. None
    where nothing is left. `serverless`: a client of Redshift Serverless.
    """
    name = names.name(WAREHOUSE)
    try:
        serverless.get_namespace(namespaceName=name)
    except serverless.exceptions.ResourceNotFoundException:
        return None
    except (BotoCoreError, ClientError) as error:
        return Unasked(f"whether its namespace {name} is kept cannot be asked: {error}")
    return Unasked(
        f"its namespace {name} is kept without a workgroup, through which it could be asked: delete the"
        " namespace, or give it a workgroup of its name"
    )


@dataclass(frozen=True)
class Warehouse:
    """The environment's, as its loads reach it."""

    client: RedshiftDataAPIServiceClient
    names: Names

    def places(self, domain: str, sought: Sought) -> Iterator[Place | None]:
        """Tables of a domain with rows of people: by columns that say whose a row is, and by texts that are
        one of their values or its pseudonym, in any case and with blanks around. None after each statement
        that finds none; what cannot be asked is told. Where no value is known, nothing is asked.
        """
        hashes = sorted({_hash(s) for text in sought.texts for s in _spellings(text)})
        try:
            for table, columns in self._columns(domain, sought).items() if hashes else ():
                where = f"{domain}.{table} in the warehouse"
                yield from self._places_in(identifier(domain, table), where, columns, hashes)
        except (BotoCoreError, ClientError, StatementError) as error:
            yield from Unasked(str(error)).places(domain, sought)

    def _columns(self, domain: str, sought: Sought) -> dict[str, dict[str, str | None]]:
        """By table the columns that may hold people, as texts, or None where the type has none that compares;
        also of tables that no contract names.
        """
        found: dict[str, dict[str, str | None]] = {}
        for fields in self._rows(COLUMNS, {"schema": domain}):
            table, column, kind = (field["stringValue"] for field in fields)
            if kind in TEXTS or column in sought.columns:
                found.setdefault(table, {})[f"{column} ({kind})"] = _text(column, kind)
        return found

    def _places_in(
        self, table: str, where: str, columns: Mapping[str, str | None], hashes: Sequence[str]
    ) -> Iterator[Place | None]:
        texts = [text for text in columns.values() if text is not None]
        for some in _parts(texts, MOST_COLUMNS):
            for known in _parts(hashes, MOST_VALUES):
                if self._count(table, some, known):
                    yield Place(WAREHOUSE, where)
                    return
                yield None
        if others := [name for name, text in columns.items() if text is None]:
            yield Place(WAREHOUSE, where, unopened=f"{', '.join(others)}: no type that is compared")

    def _count(self, table: str, columns: Sequence[str], hashes: Sequence[str]) -> int:
        """Rows in which a column's text, hashed, is one of these."""
        salt = secrets.token_hex(16)
        salted = {f"p{n}": _hash(hashed + salt) for n, hashed in enumerate(hashes)}
        known = ", ".join(f":{name}" for name in salted)
        # Hashed before the salt is added: the longest text with anything beside it would be too long
        tests = " OR ".join(
            f"SHA2(SHA2({c}, 256) || CAST(:salt AS VARCHAR), 256) IN ({known})" for c in columns
        )
        sql = f"SELECT COUNT(*) FROM {table} WHERE {tests}"  # nosec B608: names of columns
        [[count]] = self._rows(sql, {"salt": salt, **salted})
        return int(count["longValue"])

    def _rows(self, sql: str, parameters: Mapping[str, str]) -> Rows:
        """Raises StatementError, ClientError and BotoCoreError."""
        asked = self.client.execute_statement(
            WorkgroupName=self.names.name(WAREHOUSE),
            Database=WAREHOUSE_DATABASE,
            SecretArn=self.names.warehouse_secret,
            Sql=sql,
            Parameters=[{"name": name, "value": value} for name, value in parameters.items()],
        )["Id"]
        pause, most = POLL_SECONDS
        end = time.monotonic() + MOST_SECONDS
        while (said := self.client.describe_statement(Id=asked))["Status"] != "FINISHED":
            if said["Status"] in ("FAILED", "ABORTED"):
                raise StatementError(said.get("Error", said["Status"]))
            if time.monotonic() > end:
                raise StatementError(f"statement {asked} had no answer within {MOST_SECONDS} seconds")
            time.sleep(pause)
            pause = min(2 * pause, most)
        pages = self.client.get_paginator("get_statement_result").paginate(Id=asked)
        return [row for page in pages for row in page["Records"]]


def _text(column: str, kind: str) -> str | None:
    """What is compared of a column: texts in lower case without the blanks around them, and whole numbers
    without a fraction; None for another type.
    """
    name = identifier(column)
    if kind in TEXTS:
        return f"LOWER(BTRIM({name}, {literal(BLANKS)}))"
    if kind in EXACT:
        return f"REGEXP_REPLACE(CAST({name} AS VARCHAR), '[.]0*$', '')"
    if kind in FLOATS:  # as texts they have too few digits
        whole = f"{name} = FLOOR({name}) AND ABS({name}) < 9e18"
        return (
            f"CASE WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
        )
    return None


def _spellings(text: str) -> set[str]:
    """What LOWER and BTRIM may make of a value: nothing says by which rules an engine lowers letters that
    are not ASCII, such as a sigma at the end.
    """
    text = text.strip(BLANKS)
    of_ascii = "".join(c.lower() if c.isascii() else c for c in text)
    return {of_ascii, "".join(c.lower()[0] for c in text), text.lower()} - {""}


def _parts(every: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (every[at : at + size] for at in range(0, len(every), size))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
