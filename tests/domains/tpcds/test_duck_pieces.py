"""DuckDB's side of the benchmark: a large table in pieces has the rows that it has whole."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cli.bench import _duck_tpcds
from shared.contracts import contract

FIRST = "2450815|1|1|100|\n2450815|2|1|200|\n2450822|1|1||\nno date|1|1|7|\n"
SECOND = "2450815|2|1|150|\n2450846|3|2|300|\n2450815|1||5|\n"  # an older row of a key, and a row without key
ROWS = [(2450815, 1, 1, 100), (2450815, 2, 1, 200), (2450822, 1, 1, None), (2450846, 3, 2, 300)]


@pytest.mark.parametrize("piece_bytes", [10**9, 60, 10])  # whole, in two, in ten and some of them empty
def test_every_row_is_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece_bytes: int) -> None:
    monkeypatch.setattr(_duck_tpcds, "PIECE_BYTES", piece_bytes)
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    out.mkdir()
    (raw / "inventory_1.dat").write_text(FIRST)
    (raw / "inventory_2.dat").write_text(SECOND)
    written = _duck_tpcds._load(duckdb.connect(), contract("tpcds").table("inventory"), raw, out)
    columns = "inv_date_sk, inv_item_sk, inv_warehouse_sk, inv_quantity_on_hand"
    found = duckdb.sql(f"select {columns} from '{out}/inventory.parquet/**/*.parquet' order by all")
    assert (written, found.fetchall()) == (4, ROWS)
