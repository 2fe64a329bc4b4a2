"""What the TPC-DS pipeline does, in DuckDB: text files → clean Parquet tables, facts in folders by month →
the four tables of gold.

Prints the rows of each table, and the CPU seconds of gold.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
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


def main(raw: Path, out: Path) -> None:
    con = duckdb.connect(config={"threads": 2, "memory_limit": "6GB", "preserve_insertion_order": False})
    (out / "silver").mkdir(parents=True)
    rows = {
        table.name: _load(con, table, raw / table.name, out / "silver") for table in contract("tpcds").silver
    }
    began = time.process_time()
    with oracle.connected(out / "silver") as gold:
        for name, sql in oracle.GOLD.items():
            gold.execute(f"copy ({sql}) to '{out}/{name}.parquet' (format parquet, compression zstd)")
    print(json.dumps({"rows": rows, "gold_cpu": time.process_time() - began}))


def _load(con: duckdb.DuckDBPyConnection, table: Table, folder: Path, out: Path) -> int:
    """Rows of the right shape and type, within the rules, the greatest of each key."""
    sources = " union all ".join(_read(table, file) for file in sorted(folder.iterdir()) if _whole(file))
    key = ", ".join(table.primary_key)
    rules = [f"not coalesce({rule.when}, false)" for rule in table.rejects] + [
        f"{k} is not null" for k in table.primary_key
    ]
    order = ", ".join(f"{c} desc nulls last" for c in table.order)
    clean = (
        f"select * from ({sources}) where {' and '.join(rules)} qualify row_number() over (partition by {key}"
        f" order by {order}) = 1"
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
            ", partition_by (year, month), write_partition_columns true",
        )
    sql = f"select {', '.join(table.sent_names)}, {lineage}{months} from ({clean})"
    written = con.execute(
        f"copy ({sql}) to '{out}/{table.name}.parquet' (format parquet, compression zstd{folders})"
    ).fetchone()
    return int(written[0]) if written else 0


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
