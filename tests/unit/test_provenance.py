"""Random statements over a table with confidential columns: whatever DuckDB answers, a masked answer holds none
of their values.
"""

from __future__ import annotations

import random

import duckdb

from cli.masked_answer import masked
from cli.masking import HIDDEN
from local.athena import Answer, translate
from local.dialect import QueryError, athena_names
from tests.support.reports import NAMES
from tests.unit.test_masked_answer import DOMAINS, SECRET, connection, resolve

COLUMNS = ["name", "email", "city", "user_id", "phone", "age"]
STATEMENTS = 300

__all__ = ["connection"]


class Writer:
    """Writes statements; each comes with the names of its columns."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.aliases = 0

    def alias(self) -> str:
        self.aliases += 1
        return f"t{self.aliases}"

    def column(self, columns: list[str], alias: str) -> str:
        first, second = (self.random.choice(columns) for _ in range(2))
        forms = (
            first,
            f"{alias}.{first}",
            f"coalesce({first}, {alias}.{second})",
            f"upper(cast({alias}.{first} as varchar))",
            f"max({first}) over ()",
            f"array[cast({first} as varchar)]",
        )
        return self.random.choice(forms)

    def query(self, depth: int) -> tuple[str, list[str]]:
        if depth == 0:
            return self.of_table()
        form = self.random.choice((self.computed, self.starred, self.named, self.united, self.joined))
        return form(depth - 1)

    def of_table(self) -> tuple[str, list[str]]:
        chosen = self.random.sample(COLUMNS, self.random.randint(1, 4))
        names = list(dict.fromkeys(self.random.choice((c, self.random.choice(COLUMNS))) for c in chosen))
        pairs = ", ".join(f"{c} as {n}" for c, n in zip(chosen, names, strict=False))
        return self.random.choice(
            ((f"select {pairs} from silver.users", names), ("select * from silver.users", COLUMNS))
        )

    def computed(self, depth: int) -> tuple[str, list[str]]:
        (inner, columns), alias = self.query(depth), self.alias()
        names = list(dict.fromkeys(self.random.choices(COLUMNS, k=3)))
        chosen = ", ".join(f"{self.column(columns, alias)} as {n}" for n in names)
        return f"select {chosen} from ({inner}) {alias}", names

    def starred(self, depth: int) -> tuple[str, list[str]]:
        (inner, columns), alias = self.query(depth), self.alias()
        return f"select {self.random.choice(('', f'{alias}.'))}* from ({inner}) {alias}", columns

    def named(self, depth: int) -> tuple[str, list[str]]:
        (inner, columns), alias = self.query(depth), self.alias()
        names = [f"{self.random.choice(COLUMNS)}{i}" for i in range(len(columns))]
        return f"with {alias}({', '.join(names)}) as ({inner}) select * from {alias}", names

    def united(self, depth: int) -> tuple[str, list[str]]:
        (left, columns), (right, others) = self.query(depth), self.query(depth)
        first = ", ".join(f"cast({n} as varchar) as {n}" for n in columns[: len(others)])
        second = ", ".join(f"cast({n} as varchar)" for n in others[: len(columns)])
        sql = f"select {first} from ({left}) union all select {second} from ({right})"
        return sql, columns[: len(others)]

    def joined(self, depth: int) -> tuple[str, list[str]]:
        (left, columns), (right, others) = self.query(depth), self.query(depth)
        a, b = self.alias(), self.alias()
        chosen = f"{a}.{self.random.choice(columns)} as p, {b}.{self.random.choice(others)} as q"
        return f"select {chosen} from ({left}) {a} cross join ({right}) {b}", ["p", "q"]


def test_no_value_of_a_confidential_column_is_in_a_masked_answer(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    writer, shown, hidden = Writer(7), 0, 0
    for _ in range(STATEMENTS):
        sql, _ = writer.query(writer.random.randint(0, 3))
        try:
            found = connection.execute(translate(sql, resolve).sql)
        except (duckdb.Error, QueryError):
            continue  # of types or names that do not fit
        answer = Answer(athena_names([column[0] for column in found.description]), found.fetchall())
        masked_rows = masked(answer, sql, NAMES, DOMAINS, "shop").rows
        assert SECRET not in repr(masked_rows).lower(), sql
        hidden += repr(masked_rows).count(HIDDEN) > 0
        shown += SECRET not in repr(answer.rows).lower() and masked_rows == answer.rows
    assert hidden > STATEMENTS / 3
    assert shown > STATEMENTS / 20  # what hides everything would be no help
