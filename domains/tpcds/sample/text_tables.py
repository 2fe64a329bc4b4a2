"""Rows → the text files that dsdgen's users publish: no header, a pipe behind every field, gzip, latin-1; and
the mess among them.
"""

from __future__ import annotations

import gzip
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

ROWS_A_FILE = 1_000_000
# Key and the column by which the wrong one of two rows of a key is told: the smaller loses. Only these tables
# get a mess.
KEYS = {
    "store_sales": (("ss_item_sk", "ss_ticket_number"), "ss_net_paid", "ss_quantity"),
    "store_returns": (("sr_item_sk", "sr_ticket_number"), "sr_return_amt", "sr_return_quantity"),
    "catalog_sales": (("cs_item_sk", "cs_order_number"), "cs_net_paid", "cs_quantity"),
    "catalog_returns": (("cr_item_sk", "cr_order_number"), "cr_return_amount", "cr_return_quantity"),
    "web_sales": (("ws_item_sk", "ws_order_number"), "ws_net_paid", "ws_quantity"),
    "web_returns": (("wr_item_sk", "wr_order_number"), "wr_return_amt", "wr_return_quantity"),
    "inventory": (
        ("inv_date_sk", "inv_item_sk", "inv_warehouse_sk"),
        "inv_quantity_on_hand",
        "inv_quantity_on_hand",
    ),
    "customer": (("c_customer_sk",), "c_last_review_date_sk", ""),
}
PADDED = {
    "item": "i_color",
    "customer": "c_first_name",
}  # char columns as some exports write them: filled up with blanks
PLAIN = "inventory"  # its last file is neither gzipped nor has pipes at the ends of lines
LATIN = ("customer",)  # tables with characters beyond ASCII
SENT_TWICE = "web_page"
SHARE = 2000  # one row in so many has a duplicate, one in twice as many is bad in each way


@dataclass
class Outcome:
    """What must become of a table's files and rows."""

    files: int = 0
    bad: int = 0
    again: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Source:
    """A table's clean rows in a Parquet file."""

    con: duckdb.DuckDBPyConnection
    table: str
    path: Path
    seed: int

    @property
    def columns(self) -> list[str]:
        result = self.con.execute(
            f"select name from parquet_schema('{self.path}') where num_children is null"
        ).fetchall()
        return [name for (name,) in result]

    @property
    def rows(self) -> int:
        row = self.con.execute(f"select count(*) from '{self.path}'").fetchone()
        return int(row[0]) if row else 0

    def lines(
        self, number: int, what: str, where: str = "true", cells: dict[str, str] | None = None
    ) -> list[str]:
        """Some rows as text, with some cells replaced by SQL; `what` makes it another choice of rows."""
        key = ", ".join(KEYS[self.table][0])
        cells = {c: f"coalesce(cast({(cells or {}).get(c, c)} as varchar), '')" for c in self.columns}
        chosen = (
            f"select * from '{self.path}' where {where} order by md5(concat_ws('/', '{what}', {self.seed},"
            f" {key})) limit {number}"
        )
        result = self.con.execute(
            f"select concat_ws('|', {', '.join(cells.values())}) from ({chosen})"
        ).fetchall()
        return [line for (line,) in result]


def write(source: Source, folder: Path) -> Outcome:
    """The files of a table, and what must become of them."""
    folder.mkdir(parents=True)
    done, rows = Outcome(), source.rows
    parts = max(2 if source.table in KEYS else 1, -(-rows // ROWS_A_FILE))
    for part in range(parts):
        plain = source.table == PLAIN and part == parts - 1
        path = folder / f"{source.table}_{part + 1}_{parts}.dat{'' if plain else '.gz'}"
        _write_part(source, path, rows * part // parts, rows * (part + 1) // parts, plain=plain)
        done.files += 1
    if source.table in KEYS:
        extra_lines = mess(source, rows, done)
        end = "\n" if path.suffix == ".dat" else "|\n"
        text = "".join(f"{line}{end}" for line in extra_lines).encode("latin-1")
        with path.open("ab") as file:  # a gzip may have several members
            file.write(text if path.suffix == ".dat" else gzip.compress(text, 6, mtime=0))
    return done


def _write_part(source: Source, path: Path, begin: int, end: int, *, plain: bool) -> None:
    padded = PADDED.get(source.table)
    cells = [f"rpad({c}, 20, ' ')" if c == padded else c for c in source.columns]
    last = "" if plain else ", null"
    sql = f"select {', '.join(cells)}{last} from read_parquet('{source.path}', file_row_number = true)"
    options = "format csv, header false, delimiter '|', quote '', escape '', nullstr ''"
    target = path.with_suffix(".part")
    source.con.execute(
        f"copy ({sql} where file_row_number >= {begin} and file_row_number < {end}) to '{target}' ({options})"
    )
    if source.table in LATIN:
        target.write_bytes(target.read_text("utf-8").encode("latin-1"))
    if plain:
        target.rename(path)
        return
    with (
        target.open("rb") as text,
        path.open("wb") as out,
        gzip.GzipFile("", "wb", 1, out, mtime=0) as packed,
    ):
        shutil.copyfileobj(text, packed, 1 << 20)
    target.unlink()


def mess(source: Source, rows: int, done: Outcome) -> list[str]:
    """Lines that must not change what comes out: rows sent twice, older versions of rows, and rows that are
    bad in one way each.
    """
    key, order, quantity = KEYS[source.table]
    few = max(2, rows // SHARE)
    again = [
        *source.lines(few, "again"),
        *source.lines(few, "older", f"{order} >= 2", {order: f"{order} - 1"}),
    ]
    done.again = len(again)
    bad = {"missing_key": source.lines(max(1, few // 2), "key", cells={key[0]: "null"})}
    if quantity:
        bad["negative_amount"] = source.lines(max(1, few // 2), "negative", cells={quantity: "-5"})
        bad["invalid_type"] = source.lines(max(1, few // 2), "type", cells={quantity: "'many'"})
    bad["corrupt_record"] = [
        line.rpartition("|")[0].rpartition("|")[0] for line in source.lines(max(1, few // 2), "cut")
    ]
    done.reasons = Counter({reason: len(lines) for reason, lines in bad.items()})
    done.bad = done.reasons.total()
    return [*again, *(line for lines in bad.values() for line in lines)]
