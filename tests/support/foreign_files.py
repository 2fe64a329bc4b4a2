"""Files of five producers that the product was not made with, and what they say.

Each producer's rows are made first; `truth.parquet` holds them as they are meant, the files as they are spelled.
The same seed gives the same bytes.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
SEED = 20261128
BERLIN = ZoneInfo("Europe/Berlin")


def german_csv(folder: Path, dice: random.Random) -> list[Row]:
    """Sales of a shop in Berlin: windows-1252, semicolons, decimal comma, local times over the end of summer
    time, a title above and a sum below; the second month calls the amount otherwise.
    """
    names = ("Müller", "Jäger & Söhne", "Groß; Handel", 'Café "Ö"')
    meant: list[Row] = []
    for month, amount in ((10, "Betrag"), (11, "Umsatz")):
        rows = []
        for number in range(1, 301):
            moment = dt.datetime(
                2026, month, dice.randrange(1, 29), dice.randrange(6, 22), dice.randrange(60)
            )
            rows.append(
                {
                    "beleg": f"{month:02d}{number:05d}",
                    "zeit": moment.replace(tzinfo=BERLIN).astimezone(dt.UTC),
                    "kunde": dice.choice(names),
                    "plz": f"{dice.randrange(1000, 99999):05d}",
                    "betrag": Decimal(dice.randrange(-20_000, 900_000)) / 100,
                    "bezahlt": dice.random() < 0.8,
                }
            )
        lines = [f"Umsätze Filiale Mitte;Stand 0{month - 9}.12.2026", ""]
        lines.append(";".join(("Beleg", "Zeit", "Kunde", "PLZ", amount, "bezahlt")))
        file = io.StringIO()
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        for row in rows:
            local = row["zeit"].astimezone(BERLIN)
            writer.writerow(
                [
                    row["beleg"],
                    f"{local:%d.%m.%Y %H:%M}",
                    row["kunde"],
                    row["plz"],
                    f"{row['betrag']:,.2f}".translate(str.maketrans(",.", ".,")),
                    "ja" if row["bezahlt"] else "nein",
                ]
            )
        text = "\r\n".join(lines) + "\r\n" + file.getvalue() + f"Summe;;;;{len(rows)},00;\r\n"
        (folder / f"umsatz-2026-{month}.csv").write_bytes(text.encode("cp1252"))
        meant += rows
    return meant


def american_csv(folder: Path, dice: random.Random) -> list[Row]:
    """Orders of a shop in Chicago: month first, a clock of twelve hours, dollars with commas, ZIP codes."""
    zone = ZoneInfo("America/Chicago")
    meant = []
    for part in (1, 2):
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(["Order ID", "Ordered At", "Ship Date", "State", "ZIP", "Qty", "Total", "Gift"])
        for number in range(400):
            moment = dt.datetime(
                2026, dice.randrange(4, 10), dice.randrange(1, 29), dice.randrange(24), dice.randrange(60)
            )
            ship = moment.date() + dt.timedelta(days=dice.randrange(1, 9))
            row = {
                "order_id": f"{part}{number:04d}-{dice.randrange(10, 99)}",
                "ordered_at": moment.replace(tzinfo=zone).astimezone(dt.UTC),
                "ship_date": ship if dice.random() < 0.9 else None,
                "state": dice.choice(("IL", "CA", "MA", "NY")),
                "zip": f"{dice.randrange(501, 99_999):05d}",
                "qty": dice.randrange(1, 12),
                "total": Decimal(dice.randrange(100, 5_000_000)) / 100,
                "gift": dice.random() < 0.3,
            }
            writer.writerow(
                [
                    row["order_id"],
                    f"{moment:%m/%d/%Y %I:%M %p}",
                    f"{ship:%m/%d/%Y}" if row["ship_date"] else "N/A",
                    row["state"],
                    row["zip"],
                    row["qty"],
                    f"${row['total']:,.2f}",
                    "Y" if row["gift"] else "N",
                ]
            )
            meant.append(row)
        (folder / f"orders_part{part}.csv").write_text(file.getvalue(), "utf-8")
    return meant


def nested_json(folder: Path, dice: random.Random) -> list[Row]:
    """Stations of shared bicycles, as feeds of GBFS have them: one document a minute, records below `data`,
    epochs in seconds, lists and objects inside.
    """
    meant = []
    for minute in range(6):
        updated = 1_780_000_000 + 60 * minute
        stations = []
        for number in range(80):
            row = {
                "station_id": f"{number:03d}",
                "last_reported": updated - 7 * minute - number,
                "bikes": dice.randrange(30),
                "renting": dice.random() < 0.9,
                "lat": round(dice.uniform(47, 48), 6),
                "types": [dice.randrange(9), dice.randrange(9)],
            }
            stations.append(
                {
                    "station_id": row["station_id"],
                    "last_reported": row["last_reported"],
                    "num_bikes_available": row["bikes"],
                    "is_renting": row["renting"],
                    "place": {"lat": row["lat"], "region": None},
                    "vehicle_counts": row["types"],
                }
            )
            meant.append({**row, "last_reported": dt.datetime.fromtimestamp(row["last_reported"], dt.UTC)})
        document = {"last_updated": updated, "ttl": 60, "version": "2.3", "data": {"stations": stations}}
        (folder / f"station_status_{updated}.json").write_text(json.dumps(document), "utf-8")
    return meant


def dms_changes(folder: Path, dice: random.Random) -> list[Row]:
    """Customers of a database as AWS DMS writes them: a load without operations' times, then changes."""
    stamp = dt.datetime(2026, 11, 2, 3, 0, 0)
    header = ["Op", "changed_at", "id", "name", "limit_eur", "since"]

    def line(op: str, row: Row, at: dt.datetime) -> list[Any]:
        return [op, f"{at:%Y-%m-%d %H:%M:%S}.000000", row["id"], row["name"], row["limit_eur"], row["since"]]

    state = {
        str(n): {
            "id": n,
            "name": f"customer {n:04d}",
            "limit_eur": Decimal(dice.randrange(0, 1_000_000)) / 100,
            "since": dt.date(2010, 1, 1) + dt.timedelta(days=dice.randrange(5000)),
        }
        for n in range(1, 501)
    }
    files = [("LOAD00000001.csv", [line("I", row, stamp) for row in state.values()])]
    for batch in range(3):
        lines = []
        for _ in range(60):
            stamp += dt.timedelta(seconds=dice.randrange(1, 60))
            key = dice.choice(sorted(state))
            if dice.random() < 0.2:
                lines.append(line("D", state.pop(key), stamp))
            else:
                state[key] = {**state[key], "limit_eur": Decimal(dice.randrange(0, 1_000_000)) / 100}
                lines.append(line("U", state[key], stamp))
        files.append((f"20261102-03{batch}000000.csv", lines))
    for name, lines in files:
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows([header, *lines])
        (folder / name).write_text(file.getvalue(), "utf-8")
    return list(state.values())


def spark_parquet(folder: Path, dice: random.Random) -> list[Row]:
    """Page views as Spark writes them: parts with snappy and INT96 times beside a marker of success."""
    meant = []
    (folder / "_SUCCESS").write_bytes(b"")
    for part in range(4):
        rows = [
            {
                "view_id": f"{dice.getrandbits(64):016x}",
                "viewed_at": dt.datetime(
                    2026, 9, dice.randrange(1, 30), dice.randrange(24), 5, 7, dice.randrange(10**6), dt.UTC
                ),
                "user_id": dice.randrange(1, 10**12),
                "seconds": dice.uniform(0, 600) if dice.random() < 0.9 else None,
                "price": Decimal(dice.randrange(10**7)) / 10_000,
                "tags": [dice.choice("abc") for _ in range(dice.randrange(4))],
            }
            for _ in range(300)
        ]
        table = pa.Table.from_pylist(
            rows,
            pa.schema(
                [
                    ("view_id", pa.string()),
                    ("viewed_at", pa.timestamp("us", "UTC")),
                    ("user_id", pa.int64()),
                    ("seconds", pa.float64()),
                    ("price", pa.decimal128(18, 4)),
                    ("tags", pa.list_(pa.string())),
                ]
            ),
        )
        name = f"part-{part:05d}-6f1d0c52-3b7e-4a30-9f1e-0d6c9a1b7e55-c000.snappy.parquet"
        pq.write_table(table, folder / name, compression="snappy", use_deprecated_int96_timestamps=True)
        meant += rows
    return meant


PRODUCERS: dict[str, Callable[[Path, random.Random], list[Row]]] = {
    f.__name__: f for f in (german_csv, american_csv, nested_json, dms_changes, spark_parquet)
}


def write_files(folder: Path) -> None:
    """For each producer a folder of files, and `truth/<producer>.parquet`."""
    (folder / "truth").mkdir(parents=True)
    for name, producer in PRODUCERS.items():
        (folder / name).mkdir()
        rows = producer(folder / name, random.Random(f"{SEED}{name}"))
        pq.write_table(pa.Table.from_pylist(rows), folder / "truth" / f"{name}.parquet")
