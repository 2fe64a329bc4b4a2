"""What the TPC-DS pipeline does, in DuckDB: text files → clean Parquet tables, facts in folders by month →
the four tables of gold.

Prints the rows of each table, and the CPU seconds of gold.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from math import ceil
from pathlib import Path

import duckdb

from domains.tpcds.sample import oracle
from shared.contracts import Table, contract

DATES = {
    "store_sales": "ss_sold_date_sk",
    "store_returns": "sr_returned_date_sk",
    "catalog_sales": "cs_sold_date_sk",
    "catalog_returns": "cr_returned_date_sk",
    "web_sales": "ws_sold_date_sk",
    "web_returns": "wr_returned_date_sk",
    "inventory": "inv_date_sk",
}
# Bytes of files whose rows one window holds: inventory's at scale 10, 133 million, take more than there is.
PIECE_BYTES = 500_000_000


def main(raw: Path, out: Path) -> None:
    (out / "silver").mkdir(parents=True)
    con = duckdb.connect(
        config={
            "threads": 2,
            "memory_limit": "6GB",
            "preserve_insertion_order": False,
            "temp_directory": str(out / "spilled"),
        }
    )
    rows = {
        table.name: _load(con, table, raw / table.name, out / "silver") for table in contract("tpcds").silver
    }
    began = time.process_time()
    with oracle.connected(out / "silver") as gold:
        for name, sql in oracle.GOLD.items():
            gold.execute(f"copy ({sql}) to '{out}/{name}.parquet' (format parquet, compression zstd)")
    print(json.dumps({"rows": rows, "gold_cpu": time.process_time() - began}))


def _load(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, out: Path) -> int:
    """Rows of the right shape and type, within the rules, the greatest of each key.

    Tables that are large and partitioned are read once and written in pieces, by a hash of the key.
    """
    files = [file for file in sorted(folder.iterdir()) if _whole(file)]
    sources = " union all ".join(_read(table, file) for file in files)
    key = ", ".join(table.primary_key)
    rules = [f"not coalesce({rule.when}, false)" for rule in table.rejects] + [
        f"{k} is not null" for k in table.primary_key
    ]
    size = sum(f.stat().st_size for f in files)
    pieces = max(1, ceil(size / PIECE_BYTES)) if table.name in DATES else 1
    if pieces > 1:
        con.execute(f"create temp table read as {sources}")
        sources = "select * from read"
        rules.append(f"hash({key}) % {pieces} = $piece")
    order = ", ".join(f"{c} desc nulls last" for c in table.order)
    clean = (
        f"select * from ({sources}) where {' and '.join(rules)}"
        f" qualify row_number() over (partition by {key} order by {order}) = 1"
    )
    lineage = (
        "_file as _source_file, now() as _ingested_at, 'bench' as _run_id, null::map(varchar, varchar) as"
        " _extra"
    )
    months, folders = "", ""
    if (date := DATES.get(table.name)) is not None:
        day = f"date '1900-01-02' + ({date} - 2415022)::int"
        months, folders = (
            f", year({day}) as year, month({day}) as month",
            ", partition_by (year, month), write_partition_columns true, overwrite_or_ignore true,"
            " filename_pattern '{uuid}'",
        )
    sql = f"select {', '.join(table.sent_names)}, {lineage}{months} from ({clean})"
    copied = f"copy ({sql}) to '{out}/{table.name}.parquet' (format parquet, compression zstd{folders})"
    written = 0
    for piece in range(pieces):
        [rows] = con.execute(copied.replace("$piece", str(piece))).fetchall()
        written += int(rows[0])
    con.execute("drop table if exists read")
    return written


def _read(table: Table, file: Path) -> str:
    """A file as typed and trimmed rows; lines of another shape or type are left out."""
    with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as text:
        ends = text.readline().rstrip(b"\n").endswith(b"|")
    names = [*table.sent_names, *(["_end"] if ends else [])]
    types = {
        n: "varchar" if n == "_end" or table.column(n).type == "string" else table.column(n).type
        for n in names
    }
    columns = ", ".join(f"'{n}': '{t}'" for n, t in types.items())
    cells = [f"nullif(trim({n}), '') as {n}" if types[n] == "varchar" else n for n in table.sent_names]
    options = (
        "delim = '|', header = false, quote = '', escape = '', encoding = 'latin-1', ignore_errors = true,"
        f" columns = {{{columns}}}"
    )
    return f"select {', '.join(cells)}, '{file.name}' as _file from read_csv('{file}', {options})"


def _whole(file: Path) -> bool:
    """Whether a gzip comes to its end."""
    if file.suffix != ".gz":
        return True
    try:
        with gzip.open(file) as text:
            while text.read(1 << 20):
                pass
    except EOFError:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
