"""Gold tables whose rule is a SELECT in a file: domains/<domain>/gold/<table>.sql.

The file says what the whole table is; which part of it a run computes is the engine's matter. Tables are read
as the scope restricts them, and where one is read as a whole the result is cut to the scope.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from threading import Lock

from pyspark.sql import DataFrame

from glue_scripts.engine.gold.lake import Lake
from glue_scripts.engine.gold.scope import follows
from glue_scripts.engine.gold.sql_text import SqlTextError, named_tables, statement
from glue_scripts.engine.lineage.catalyst import scoped
from glue_scripts.engine.read.sql import quoted
from shared.contracts import Contract, Table
from shared.gold_statements import FOLDER, SUFFIX, packed_name

# As Spark ends what it says of a statement, and begins what it says of a value.
_LINE = re.compile(r"(?:[;(]\s*|== SQL \()line (\d+),? pos")
_views = Lock()  # views have the names of tables, and tables of a run are computed side by side


@dataclass(frozen=True)
class SqlTransform:
    """The rule of a gold table: one SELECT of Spark's SQL, as it stands in its file."""

    domain: str
    table: str
    text: str

    @property
    def file(self) -> str:
        return packed_name(self.domain, self.table)

    @property
    def gold_sources(self) -> frozenset[str]:
        """The gold tables that it reads, by name; none where the text cannot be read, which a call tells."""
        try:
            names = (name.partition(".") for name in named_tables(self.text))
        except SqlTextError:
            return frozenset()
        return frozenset(name for zone, _, name in names if zone == "gold")

    def __call__(self, lake: Lake) -> DataFrame:
        """The rows in scope. Raises SqlTextError, and what Spark says of the statement."""
        tables = tables_by_name(lake.job.contract)
        sql = statement(self.text, tables, lake.job.contract.parameters)
        table = tables[f"gold.{self.table}"]
        sources = {name: tables[name] for name in named_tables(self.text)}
        frames = {name: _rows(lake, table, source) for name, source in sources.items()}
        found = _answer(lake, sql, frames)
        whole = not all(follows(table, source) for source in sources.values())
        cut = whole and not lake.scope.everything and not table.appended_by
        if cut and {*table.column_names} <= {*found.columns}:
            # The statement stands in a subquery: lineage begins there, below what the run chooses.
            return scoped(lake.scope.rows(found, table.day_column or "event_date"))
        return found

    def place(self, error: BaseException | None) -> str:
        """The file, with the line that an error names."""
        line = error.line if isinstance(error, SqlTextError) else None
        if line is None and error is not None and (said := _LINE.search(str(error))):
            line = int(said[1])
        return f"{self.file}, line {line}" if line else self.file


def sql_transforms(domain: str) -> dict[str, SqlTransform]:
    """The rules of a domain's `gold` folder, by table; none where it has no such folder.

    Raises ModuleNotFoundError where the domain is not there.
    """
    folder = resources.files(f"domains.{domain}") / FOLDER
    files = [f for f in folder.iterdir() if f.name.endswith(SUFFIX)] if folder.is_dir() else []
    names = {f.name.removesuffix(SUFFIX): f for f in files}
    return {n: SqlTransform(domain, n, f.read_text("utf-8")) for n, f in sorted(names.items())}


def tables_by_name(contract: Contract) -> dict[str, Table]:
    """All tables that a statement may name: `silver.events`, `gold.dim_users`."""
    return {f"{t.zone}.{t.name}": t for t in contract.tables}


def _rows(lake: Lake, table: Table, source: Table) -> DataFrame:
    """A table with the contract's columns, and of its rows those in scope where that is enough."""
    if source == table:
        raise SqlTextError(1, f"gold.{table.name} is computed from itself; read what it is made of")
    if follows(table, source):
        return lake.touched(source.name).select(*source.column_names)
    if source.zone == "gold":  # whose rows may be of any date
        lake.reaches[source.name] = None
    return lake.table(source.name).select(*source.column_names)


def _answer(lake: Lake, sql: str, frames: Mapping[str, DataFrame]) -> DataFrame:
    """Spark resolves all names at once; afterwards the views are not needed."""
    with _views:
        try:
            for name, rows in frames.items():
                rows.createOrReplaceTempView(quoted(name))
            return lake.spark.sql(sql)
        finally:
            for name in frames:
                lake.spark.catalog.dropTempView(name)
