"""Tables and loads for Redshift: literal statements, and what must hold for every domain."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import sqlglot

from shared.contracts import Contract, contract, contracts
from shared.contracts.model import Column, Table
from shared.warehouse import (
    MAX_STATEMENTS,
    Change,
    Snapshot,
    bases,
    batches,
    change,
    comments,
    create_table,
    definition,
    in_order_of_reference,
    manifest,
    opening,
    plan,
    sized,
    unsized,
    width,
)

USERS = Table(
    "dim_users", "gold", "dim", "Users.", (Column("user_id", "string", "Who.", required=True),), ("user_id",)
)
SALES = Table(
    name="sales",
    zone="gold",
    kind="fact",
    description="What a day's customers said.",
    columns=(
        Column("date", "date", "The day.", required=True),
        Column("user_id", "string", "The buyer's id.", references="gold_dim_users.user_id"),
        Column("country", "string", "Two letters.", max_length=2),
        Column("note", "string", "Words.", max_length=16_384),
        Column("amount", "decimal(18,2)", "Money."),
        Column("sold_at", "timestamp", "When, UTC."),
        Column("paid", "boolean", "Whether."),
        Column("weight", "double", "Kilograms."),
        Column("units", "int", "How many."),
        Column("serial", "bigint", "Number."),
    ),
    primary_key=("date", "user_id"),
    partitioned_by=("date",),
)
SHOP = Contract("shop", "1.0.0", "A shop.", (), (), (SALES, USERS), ("",))
SNAPSHOT = Snapshot(42, {"s3://gold/b.parquet": 20, "s3://gold/a.parquet": 10}, ("user_id", "date"), 3)


def test_a_table_has_the_contract_s_types_keys_and_order() -> None:
    assert create_table(SHOP, SALES) == (
        'CREATE TABLE "shop"."sales" (\n'
        '  "date" DATE NOT NULL,\n'
        '  "user_id" VARCHAR(65535),\n'
        '  "country" VARCHAR(8),\n'
        '  "note" VARCHAR(65535),\n'
        '  "amount" DECIMAL(18,2),\n'
        '  "sold_at" TIMESTAMP,\n'
        '  "paid" BOOLEAN,\n'
        '  "weight" DOUBLE PRECISION,\n'
        '  "units" INTEGER,\n'
        '  "serial" BIGINT,\n'
        '  PRIMARY KEY ("date", "user_id"),\n'
        '  FOREIGN KEY ("user_id") REFERENCES "shop"."dim_users" ("user_id")\n'
        ') DISTSTYLE AUTO COMPOUND SORTKEY ("date")'
    )


def test_descriptions_become_comments_and_quotes_in_them_are_kept() -> None:
    assert (
        comments(SHOP, SALES)[0] == """COMMENT ON TABLE "shop"."sales" IS 'What a day''s customers said.'"""
    )
    assert comments(SHOP, SALES)[2] == """COMMENT ON COLUMN "shop"."sales"."user_id" IS 'The buyer''s id.'"""


def test_a_table_comes_after_what_it_refers_to() -> None:
    assert [t.name for t in in_order_of_reference(SHOP)] == ["dim_users", "sales"]


def test_a_part_of_a_key_cannot_be_referred_to() -> None:
    wide = replace(USERS, primary_key=("user_id", "other"))
    assert "FOREIGN KEY" not in create_table(replace(SHOP, gold=(SALES, wide)), SALES)


def test_a_manifest_names_every_file_with_its_size_and_demands_it() -> None:
    assert json.loads(manifest(SNAPSHOT.files)) == {
        "entries": [
            {"url": "s3://gold/a.parquet", "mandatory": True, "meta": {"content_length": 10}},
            {"url": "s3://gold/b.parquet", "mandatory": True, "meta": {"content_length": 20}},
        ]
    }


def test_a_reload_swaps_all_rows_and_writes_the_log_in_one_transaction() -> None:
    made = batches(SHOP, SALES, SNAPSHOT, "s3://gold/shop/warehouse/sales.manifest", "run-1")
    assert len(made.reload) == 1
    assert list(made.reload[0]["sqls"]) == [
        'CREATE TEMP TABLE "new_sales" (LIKE "shop"."sales")',
        """COPY "new_sales" ("user_id", "date") FROM 's3://gold/shop/warehouse/sales.manifest' IAM_ROLE default FORMAT AS PARQUET MANIFEST""",
        'DELETE FROM "shop"."sales"',
        'INSERT INTO "shop"."sales" ("user_id", "date") SELECT "user_id", "date" FROM "new_sales"',
        """DELETE FROM "shop"."load_log" WHERE "table_name" = 'sales'""",
        'INSERT INTO "shop"."load_log" ("table_name", "definition", "snapshot_id", "run_id", "loaded_at") '
        f"VALUES ('sales', '{definition(SHOP, SALES)}', '42', 'run-1', GETDATE())",
    ]


def test_a_rebuild_makes_and_fills_the_table_in_one_transaction() -> None:
    first = list(batches(SHOP, SALES, SNAPSHOT, "s3://gold/m", "run-1").rebuild[0]["sqls"])
    assert first[0] == 'DROP TABLE IF EXISTS "shop"."sales" CASCADE'
    assert first[1] == create_table(SHOP, SALES)
    assert first[2].startswith('COPY "shop"."sales" ')
    assert [s.split('"load_log"')[0] for s in first[3:5]] == ['DELETE FROM "shop".', 'INSERT INTO "shop".']


def test_an_empty_snapshot_empties_the_table_without_a_copy() -> None:
    made = batches(SHOP, SALES, Snapshot(7, {}, ("date",)), "s3://gold/m", "run-1")
    assert not [s for b in (*made.reload, *made.rebuild) for s in b["sqls"] if s.startswith("COPY")]
    assert made.reload[0]["sqls"][0] == 'DELETE FROM "shop"."sales"'


def test_no_statement_that_commits_by_itself_is_in_a_batch() -> None:
    """TRUNCATE and ALTER TABLE APPEND end the transaction; readers would see an empty table."""
    made = batches(SHOP, SALES, SNAPSHOT, "s3://gold/m", "run-1")
    words = {s.split()[0] for b in (*made.reload, *made.rebuild) for s in b["sqls"]}
    assert words == {"CREATE", "COPY", "DELETE", "INSERT", "DROP", "COMMENT"}


def test_the_definition_follows_the_table_and_what_it_refers_to() -> None:
    taller = replace(USERS, columns=(*USERS.columns, Column("height", "int", "Centimetres.")))
    assert definition(replace(SHOP, gold=(SALES, taller)), SALES) != definition(SHOP, SALES)
    assert definition(replace(SHOP, gold=(replace(SALES, description="Other."), USERS)), USERS) == definition(
        SHOP, USERS
    )


def test_the_plan_says_what_the_opening_s_answer_will_say() -> None:
    [entry] = plan(SHOP, [(SALES, 42, {"bases": [41]})])["tables"]
    shape = f"sales {definition(SHOP, SALES)}"
    assert entry == {
        "table": "sales",
        "key": "shop/warehouse/sales.json",
        "shape": shape,
        "loaded": f"{shape} 42",
        "snapshot": 42,
        "bases": [41],
    }


def test_a_change_replaces_the_rows_of_the_files_that_only_one_snapshot_has_in_one_transaction() -> None:
    found = Change(41, {"s3://gold/c.parquet": 5}, {"s3://gold/a.parquet": 10})
    made = batches(SHOP, SALES, SNAPSHOT, "s3://gold/m", "run-1", [(found, "s3://gold/r", "s3://gold/n")])
    [of_41] = made.changes
    assert of_41["from"] == f"sales {definition(SHOP, SALES)} 41"
    copy = """COPY "{}_sales" ("user_id", "date") FROM 's3://gold/{}' IAM_ROLE default FORMAT AS PARQUET MANIFEST"""
    assert list(of_41["sqls"]) == [
        f"""SELECT 1 / COUNT(*) FROM (SELECT 1 FROM "shop"."load_log" WHERE "table_name" = 'sales' AND "definition" = '{definition(SHOP, SALES)}' AND "snapshot_id" = '41') AS "found\"""",
        'CREATE TEMP TABLE "old_sales" (LIKE "shop"."sales")',
        copy.format("old", "r"),
        'DELETE FROM "shop"."sales" USING "old_sales" WHERE "sales"."date" = "old_sales"."date" AND "sales"."user_id" = "old_sales"."user_id"',
        'CREATE TEMP TABLE "new_sales" (LIKE "shop"."sales")',
        copy.format("new", "n"),
        'INSERT INTO "shop"."sales" ("user_id", "date") SELECT "user_id", "date" FROM "new_sales"',
        'SELECT 1 / COUNT(*) FROM (SELECT 1 FROM (SELECT COUNT(*) AS "rows" FROM "shop"."sales") AS "counted" WHERE "rows" = 3) AS "found"',
        *made.reload[0]["sqls"][-2:],
    ]


def test_of_two_snapshots_of_one_schema_the_files_that_only_one_has_are_read() -> None:
    before = Snapshot(1, {"a": 90, "b": 5}, ("x",), 9, schema=2)
    after = Snapshot(2, {"a": 90, "c": 6}, ("x",), 9, schema=2)
    assert change(before, after) == Change(1, {"b": 5}, {"c": 6})
    assert change(before, replace(after, schema=3)) is None


def test_where_half_of_a_table_changed_all_of_it_is_loaded() -> None:
    before, after = Snapshot(1, {"a": 50, "b": 25}, ("x",)), Snapshot(2, {"a": 50, "c": 26}, ("x",))
    assert change(before, after) is None
    assert change(replace(before, files={"a": 50, "b": 12}), after) == Change(1, {"b": 12}, {"c": 26})


@pytest.mark.parametrize(
    ("before", "known"),
    [
        ({}, []),
        ({"snapshot": 0}, []),
        ({"snapshot": 7, "bases": [6, 5]}, [7, 6, 5]),
        ({"snapshot": 9, "bases": [6, 5]}, [6, 5]),
        ({"snapshot": 7, "bases": [9, 6, 5, 4]}, [7, 6, 5]),
        ({"table": "of an older version"}, []),
    ],
)
def test_the_warehouse_may_hold_the_snapshots_of_the_last_plans(
    before: dict[str, Any], known: list[int]
) -> None:
    assert list(bases(before, 9)) == known


def test_a_text_without_a_length_gets_room_for_twice_its_longest_value() -> None:
    """Only then does a column grow, for a wider one is a new table; it never shrinks."""
    assert [width(longest, None) for longest in (0, 32, 33, 128, 129, 8192, 8193, 65535)] == [
        64, 64, 256, 256, 1024, 16384, 65535, 65535,
    ]  # fmt: skip
    assert [width(longest, 256) for longest in (0, 255, 256, 257, 3000)] == [256, 256, 256, 1024, 16384]


def test_measured_widths_make_the_columns_whose_length_nobody_says() -> None:
    assert unsized(SALES) == ("user_id",)
    of_shop = sized(SHOP, {"sales": {"user_id": 256, "country": 9}, "dim_users": {"user_id": 65535}})
    made = create_table(of_shop, of_shop.gold[0])
    assert '  "user_id" VARCHAR(256),' in made
    assert '  "country" VARCHAR(8),' in made
    assert '"user_id" VARCHAR(65535)' in create_table(of_shop, of_shop.gold[1])


def test_a_wider_column_makes_its_table_and_those_that_refer_to_it_anew() -> None:
    narrow, wide = (sized(SHOP, {"dim_users": {"user_id": w}}) for w in (64, 256))
    assert definition(narrow, narrow.gold[1]) != definition(wide, wide.gold[1])
    assert definition(narrow, narrow.gold[0]) != definition(wide, wide.gold[0])


@pytest.mark.parametrize("of", contracts(), ids=lambda c: c.domain)
def test_every_statement_of_every_domain_is_redshift_and_fits_the_data_api(of: Contract) -> None:
    for table in of.gold:
        found = (Change(1, {"s3://b/o": 1}, {"s3://b/k": 1}), "s3://b/r", "s3://b/a")
        now = Snapshot(2, {"s3://b/k": 1}, table.column_names)
        made = batches(of, table, now, "s3://b/m", "run", [found] * 3)
        for batch in ({"sqls": opening(of)}, *made.reload, *made.rebuild, *made.changes):
            assert 0 < len(batch["sqls"]) <= MAX_STATEMENTS == 40
            for sql in batch["sqls"]:
                assert len(sql.encode()) < 100_000, "Redshift Data API quota"
                parsed = sqlglot.parse_one(sql, read="redshift", error_level=sqlglot.ErrorLevel.RAISE)
                assert not isinstance(parsed, sqlglot.exp.Command), sql
        assert len(made.document().encode()) < 256 * 1024, "Step Functions quota"


def test_changes_of_a_wide_table_are_left_out_where_they_do_not_fit_the_state_machine() -> None:
    """A state's data is 262,144 bytes at most, with the quotes of a text in it escaped."""
    offered = [(Change(n, {"s3://b/o": 1}, {"s3://b/k": 1}), "s3://b/r", "s3://b/a") for n in (43, 42, 41)]
    left = {}
    for number in (10, 350, 600):
        names = tuple(f"a_measure_of_the_month_{i:03}" for i in range(number))
        columns = (*SALES.columns, *(Column(n, "bigint", "What it says, in a few words.") for n in names))
        wide = replace(SALES, columns=columns)
        now = Snapshot(44, {"s3://b/k": 1}, wide.column_names)
        document = batches(
            replace(SHOP, gold=(wide, USERS)), wide, now, "s3://b/m", "run", offered
        ).document()
        assert len(json.dumps({"Body": document}).encode()) < 256 * 1024
        read = json.loads(document)
        assert len(read["reload"]) == 1
        assert sum(len(batch["sqls"]) for batch in read["rebuild"]) == 6 + len(columns)
        left[number] = [c["from"].split()[-1] for c in read["changes"]]
    assert left == {10: ["43", "42", "41"], 350: ["43", "42"], 600: []}


# Amazon Redshift developer guide, "Data types"; a SQL parser takes MAP for Redshift's, Redshift does not.
REDSHIFT_TYPES = re.compile(
    r"SMALLINT|INTEGER|BIGINT|DECIMAL\(\d+,\d+\)|REAL|DOUBLE PRECISION|BOOLEAN|CHAR\(\d+\)|VARCHAR\(\d+\)|DATE|TIME|TIMETZ|TIMESTAMP|TIMESTAMPTZ"
    r"|VARBYTE\(\d+\)|HLLSKETCH|GEOMETRY|GEOGRAPHY|SUPER|INTERVAL [A-Z ]+"
)


@pytest.mark.parametrize("of", contracts(), ids=lambda c: c.domain)
def test_every_column_of_every_domain_has_a_type_that_redshift_has(of: Contract) -> None:
    for table in of.gold:
        lines = create_table(of, table).split("\n")[1 : 1 + len(table.columns)]
        for column, line in zip(table.columns, lines, strict=True):
            found = re.fullmatch(rf'  "{column.name}" (.+?)(?: NOT NULL)?,', line)
            assert found, line
            assert REDSHIFT_TYPES.fullmatch(found[1]), line


def test_a_type_that_nobody_translated_is_refused() -> None:
    with pytest.raises(KeyError):
        create_table(
            SHOP, replace(USERS, columns=(Column("odd", "map<string,string>", "Odd."),), primary_key=("odd",))
        )


def test_maps_are_loaded_as_super_from_json() -> None:
    logs = contract("web")
    table = logs.table("daily_activity")
    assert '  "requests_by_device" SUPER NOT NULL,\n' in create_table(logs, table)
    made = batches(logs, table, Snapshot(1, {"s3://b/k": 1}, table.column_names), "s3://b/m", "run")
    copies = [s for b in (*made.reload, *made.rebuild) for s in b["sqls"] if s.startswith("COPY")]
    assert len(copies) == 2
    assert all(
        s.endswith(" FROM 's3://b/m' IAM_ROLE default FORMAT AS PARQUET SERIALIZETOJSON MANIFEST")
        for s in copies
    )


def test_gold_of_the_shop_keeps_its_keys() -> None:
    shop = contract("shop")
    sql = create_table(shop, shop.table("fact_events"))
    assert 'FOREIGN KEY ("user_id") REFERENCES "shop"."dim_users" ("user_id")' in sql
    assert 'PRIMARY KEY ("event_id")' in sql
    assert '"total_revenue" DECIMAL(38,2)' in create_table(shop, shop.table("daily_revenue"))
