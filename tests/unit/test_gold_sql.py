"""The SQL of a gold table as text: names are replaced where Spark would read a name, and nowhere else."""

from __future__ import annotations

import pytest

from glue_scripts.engine.gold.sql_text import SqlTextError, named_tables, statement

TABLES = ("silver.events", "silver.users", "gold.dim_users")
PARAMETERS = {"statuses": ("paid", "it's"), "none": ()}
REPLACED = [
    ("SELECT a FROM silver.events", "SELECT a FROM `silver.events`"),
    ("SELECT a FROM silver.events AS e", "SELECT a FROM `silver.events` AS e"),
    ("SELECT silver.events.a FROM silver.events", "SELECT `silver.events`.a FROM `silver.events`"),
    ("FROM `silver`.`events`,gold.dim_users", "FROM `silver.events`,`gold.dim_users`"),
    ("FROM silver /* of\nall */ . events", "FROM `silver.events` /* of\nall */  "),
    ("SELECT 'FROM silver.events'", "SELECT 'FROM silver.events'"),
    ("SELECT 'it''s \\' silver.events'", "SELECT 'it''s \\' silver.events'"),
    ("SELECT r'\\', a FROM silver.events", "SELECT r'\\', a FROM `silver.events`"),
    ('SELECT "silver.events"', 'SELECT "silver.events"'),
    ("SELECT `silver.events`, `a``silver.events`", "SELECT `silver.events`, `a``silver.events`"),
    ("SELECT 1 -- silver.events 'open\n, a FROM silver.users", "SELECT 1 -- silver.events 'open\n, a FROM `silver.users`"),
    ("SELECT 1 -- goes on \\\nFROM silver.nope", "SELECT 1 -- goes on \\\nFROM silver.nope"),
    ("/* /* silver.nope */ silver.nope */ FROM silver.users", "/* /* silver.nope */ silver.nope */ FROM `silver.users`"),
    ("SELECT /*+ BROADCAST(u) */ a FROM silver.users u", "SELECT /*+ BROADCAST(u) */ a FROM `silver.users` u"),
    ("FROM other.silver.events", "FROM other.silver.events"),
    ("SELECT goldsilver.events", "SELECT goldsilver.events"),
    ("SELECT array_contains(parameter('statuses'), s)", "SELECT array_contains(array('paid', 'it\\'s'), s)"),
    ("SELECT PARAMETER ( 'none' )", "SELECT CAST(array() AS array<string>)   "),
    ("SELECT parameter, 'parameter(x)'", "SELECT parameter, 'parameter(x)'"),
    ("SELECT 1; ;\n-- end", "SELECT 1 \n-- end"),
]  # fmt: skip
REFUSED = [
    ("SELECT 1\nFROM silver.nope", 2, "silver.nope is not a table of the contract"),
    ("SELECT gold.a FROM silver.events AS gold", 1, "gold.a is not a table"),
    ("SELECT\n\nparameter('nope')", 3, "the contract has no such parameter (none, statuses)"),
    ("SELECT parameter(x)", 1, "one name in quotes"),
    ("SELECT 1,\n'open", 2, "a string begins here and does not end"),
    ("SELECT `open", 1, "a name begins here"),
    ("SELECT 1 /* /* */", 1, "a comment begins here"),
    ("SELECT $$silver.events$$", 1, "$ begins a kind of string"),
]


@pytest.mark.parametrize(("text", "wanted"), REPLACED, ids=[t for t, _ in REPLACED])
def test_tables_and_parameters_are_replaced_and_nothing_else(text: str, wanted: str) -> None:
    made = statement(text, TABLES, PARAMETERS)
    assert made == f"SELECT * FROM ({wanted}\n)"
    assert made.count("\n") == text.count("\n") + 1  # lines are those of the file


@pytest.mark.parametrize(("text", "line", "said"), REFUSED, ids=[t for t, _, _ in REFUSED])
def test_what_cannot_be_told_apart_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(SqlTextError) as refused:
        statement(text, TABLES, PARAMETERS)
    assert refused.value.line == line
    assert said in str(refused.value)


def test_each_table_is_named_once() -> None:
    text = "SELECT 'gold.x' FROM silver.users u JOIN silver.events USING (a) JOIN silver.users v -- gold.y"
    assert named_tables(text) == ("silver.users", "silver.events")
