"""Which table the catalogue gets over a dataset's bronze, by what the contract knows of its files."""

from __future__ import annotations

from dataclasses import replace

from shared.contracts import contract
from shared.contracts.odcs import parsed
from stacks.received_tables import partitions, reader
from tests.support.shop_document import FILE, refusal, shop

EVENTS = contract("shop").dataset("events")
TYPED = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"


def kind_of(*formats: str, **more: object) -> tuple[str, list[str], dict[str, str]]:
    found = reader(replace(EVENTS, formats=formats, **more))
    assert found is not None
    return found.kind, list(found.columns), dict(found.parameters)


def test_files_that_the_contract_cannot_name_the_columns_of_are_lines() -> None:
    """Header and order of CSV are the producer's; JSON may be one array, and of its lines Athena's SerDe may give
    other rows and values than there are; a folder has one reader.
    """
    for formats in (
        ("csv",),
        ("xlsx",),
        ("json",),
        ("ndjson",),
        ("ndjson", "json"),
        ("csv", "parquet"),
        ("xml",),
        ("csv", "zip"),
    ):
        assert kind_of(*formats) == ("text", ["line"], {}), formats


def test_a_header_is_skipped_where_the_contract_says_what_the_files_have() -> None:
    own = {"Amount": "string", "When": "string"}
    assert kind_of("csv", delivered=own) == ("csv", ["amount", "when"], {"skip.header.line.count": "1"})
    found = reader(replace(EVENTS, formats=("csv", "zip"), delivered=own, delimiter=";"))
    assert found is not None
    assert (set(found.columns.values()), found.told["separatorChar"]) == ({"string"}, ";")
    assert kind_of("csv", delivered=own, header=3)[2] == {"skip.header.line.count": "3"}


def test_parquet_has_columns_by_name_also_under_the_names_that_producers_use() -> None:
    kind, columns, _ = kind_of("parquet")
    assert kind == "parquet"
    assert {"event_id", "ts"} < set(columns)
    spelled = {a.lower() for c in EVENTS.sent for a in EVENTS.target.column(c).aliases if a.isidentifier()}
    assert spelled
    assert spelled < set(columns)
    parquet = reader(replace(EVENTS, formats=("parquet",)))
    assert parquet is not None
    assert (parquet.columns["ts"], parquet.serde) == ("timestamp", TYPED)
    delivered = reader(replace(EVENTS, formats=("parquet",), delivered={"eventTime": "string"}))
    assert delivered is not None
    assert delivered.columns == {"eventtime": "string"}


def test_parquet_that_the_bronze_job_writes_has_the_contract_s_types_and_what_is_of_none() -> None:
    customer = contract("retail").datasets[0]
    found = reader(customer)
    assert found is not None
    assert customer.stored_as == "parquet"
    assert list(found.columns) == [*customer.sent, "_uncast", "_raw"]
    assert (found.columns["_uncast"], found.columns["_raw"]) == ("map<string,string>", "string")


def test_no_column_is_called_like_a_folder_for_athena_refuses_a_name_twice() -> None:
    """HIVE_INVALID_METADATA: "Table descriptor contains duplicate columns"."""
    own = {"Day": "string", "amount": "string", "event_date": "string"}
    for layout, by_name, by_place in (
        ("event_date", ["day", "amount"], ["day", "amount", "event_date_"]),
        ("year_month_day", ["amount", "event_date"], ["day_", "amount", "event_date"]),
        ("undated", ["day", "amount", "event_date"], ["day", "amount", "event_date"]),
    ):
        assert kind_of("parquet", delivered=own, layout=layout)[1] == by_name, layout
        assert kind_of("csv", delivered=own, layout=layout)[1] == by_place, layout


def test_folders_are_projected_so_that_none_has_to_be_registered() -> None:
    assert partitions("undated") == {}
    assert partitions("event_date")["event_date"]["range"] == "1970-01-01,NOW+1YEARS"  # 1970: no date
    found = partitions("year_month_day")
    assert {k: v["type"] for k, v in found.items()} == {"year": "date", "month": "integer", "day": "integer"}
    assert found["month"] == {"type": "integer", "digits": "2", "range": "1,12"}


def test_what_the_files_have_is_said_at_the_bronze_entry() -> None:
    said = shop()
    entry = said["schema"][0]
    entry["properties"] = [{"name": "eventTime", "logicalType": "string", "physicalType": "string"}]
    assert parsed(said, FILE).dataset("sales").delivered == {"eventTime": "string"}
    entry["properties"].append({"name": "EVENTTIME", "logicalType": "string", "physicalType": "string"})
    assert "EVENTTIME is given twice" in refusal(said)
    entry["properties"][1] = {"name": "b", "physicalType": "text"}
    assert "'text' is no type of a file's column" in refusal(said)


def test_a_csv_whose_columns_are_said_has_them_as_text_behind_its_header() -> None:
    found = reader(contract("web").dataset("accounts"))
    assert found is not None
    assert found.columns == dict.fromkeys(("op", "account_id", "owner", "changed_at"), "string")
    assert found.parameters == {"skip.header.line.count": "1"}
