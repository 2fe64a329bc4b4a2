"""What a crawler calls the columns of a Parquet file."""

from __future__ import annotations

import pyarrow as pa
import pytest

from local.aws.crawlers import hive_type


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.list_(pa.string()), "array<string>"),
        (pa.large_list(pa.int64()), "array<bigint>"),
        (pa.list_(pa.decimal128(10, 2), 3), "array<decimal(10,2)>"),
        (pa.list_(pa.struct([("a", pa.date32())])), "array<struct<a:date>>"),
        (pa.map_(pa.string(), pa.int64()), "map<string,bigint>"),
    ],
)
def test_lists_and_maps_are_called_as_hive_calls_them(kind: pa.DataType, name: str) -> None:
    assert hive_type(kind) == name
