"""A drafted domain on the real engine: the very files that it was drafted from, and counts by DuckDB and plain
Python from the sources.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

import domains
from cli.infer.build import drafted
from cli.infer.folder import write_folder
from shared.contracts import load
from tests.support.drafts import answered
from tests.support.rig import Rig

DOMAIN = "marktstand"
TILL = "Filiale Nord;;;;;\n\nBon-Nr;Artikel-Nr;Menge;Betrag;Zeit;bezahlt\n" + "".join(
    f"{n:06};{n % 7:04};{n % 4 + 1},{n % 10};{n // 9 + 1}.{n % 9}{n % 10}0,{n % 90 + 10};"
    f"{n % 28 + 1:02}.0{n % 3 + 1}.2026 {n % 24:02}:{n % 60:02};{'ja' if n % 3 else 'nein'}\n"
    for n in range(60)
)
LOGS = "".join(
    json.dumps(
        {
            "at": f"2026-01-{n % 9 + 1:02}T10:{n:02}:00+01:00",
            "level": "info",
            "user": {"id": n % 5, "ip": None},
        }
    )
    + "\n"
    for n in range(40)
)
LOAD = "tx_id,amount,changed_at\nT1,10.00,2026-01-02 10:00:00\nT2,5.50,2026-01-02 10:00:01\nT4,1.00,2026-01-02 10:00:02\n"
CHANGES = "Op,tx_id,amount,changed_at\nU,T1,11.00,2026-01-03 09:00:00\nD,T2,5.50,2026-01-03 09:30:00\nI,T3,7.25,2026-01-03 10:00:00\n"


def forget() -> None:
    """Contracts are read once a process, unless they are forgotten."""
    for cached in (load.domains, load.contract, load.document, load.compiled):
        cached.cache_clear()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of its own, in place of the tests'."""
    (tmp_path / "domains").mkdir()
    monkeypatch.setenv("LAKE_PROJECT", str(tmp_path))
    monkeypatch.setattr(domains, "__path__", [str(tmp_path / "domains"), *domains.__path__])
    forget()
    yield tmp_path
    forget()
    for name in [m for m in sys.modules if m.startswith(f"domains.{DOMAIN}")]:
        del sys.modules[name]


def test_a_draft_takes_the_files_that_it_was_drafted_from(project: Path, rig: Callable[..., Rig]) -> None:
    files = {
        "kasse/kasse_1.csv": TILL.encode(),
        "access/access_1.ndjson": LOGS.encode(),
        "transactions/LOAD00000001.csv": LOAD.encode(),
        "transactions/20260103-1000.csv": CHANGES.encode(),
    }
    for name, content in files.items():
        path = project / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    folder = write_folder(drafted([project / "files"], DOMAIN))
    contract = folder / load.CONTRACT
    contract.write_text(answered(contract.read_text(), [("value: Region/City", "value: Europe/Berlin")]))
    forget()
    lake = rig("drafted", DOMAIN)
    for name, content in files.items():
        outcome = lake.drop(f"{DOMAIN}/{name}", content)
        assert outcome is not None
        assert outcome.status == "accepted", outcome.reason
    lake.run("first")
    till = [line.split(";") for line in TILL.splitlines()[3:]]
    amounts = {row[0]: Decimal(row[3].replace(".", "").replace(",", ".")) for row in till}
    assert dict(lake.rows("silver.kasse", "bon_nr", "betrag")) == amounts
    assert lake.rows("quarantine.kasse_rows") == []
    assert by_day(lake) == expected_by_day(till)
    assert lake.table("silver.access").count() == duckdb_count(project / "files/access/access_1.ndjson")
    assert lake.rows("silver.transactions", "tx_id", "amount") == [
        ("T1", Decimal("11.00")),
        ("T3", Decimal("7.25")),
        ("T4", Decimal("1.00")),
    ]


def by_day(lake: Rig) -> list[tuple[Any, ...]]:
    return lake.rows("gold.kasse_by_day", "date", "row_count", "betrag")


def expected_by_day(till: list[list[str]]) -> list[tuple[Any, ...]]:
    """By DuckDB: UTC days of local times in Berlin, in winter an hour earlier."""
    rows = [(row[3], row[4]) for row in till]
    with duckdb.connect() as con:
        con.execute("create table till(amount varchar, sold varchar)")
        con.executemany("insert into till values (?, ?)", rows)
        return sorted(
            con.execute(
                "select cast(strptime(sold, '%d.%m.%Y %H:%M') - interval 1 hour as date), count(*),"
                " sum(cast(replace(replace(amount, '.', ''), ',', '.') as decimal(38,2)))"
                " from till group by 1"
            ).fetchall(),
            key=repr,
        )


def duckdb_count(path: Path) -> int:
    with duckdb.connect() as con:
        (count,) = con.execute(
            f"select count(*) from read_json('{path}', format='newline_delimited')"
        ).fetchone() or (0,)
    return int(count)


def test_a_made_up_example_is_taken_too(project: Path, rig: Callable[..., Rig]) -> None:
    path = project / "files/kasse_1.csv"
    path.parent.mkdir()
    path.write_text(TILL)
    folder = write_folder(drafted([path], DOMAIN))
    contract = folder / load.CONTRACT
    contract.write_text(answered(contract.read_text(), [("value: Region/City", "value: Europe/Berlin")]))
    assert "kasse.csv" in [p.name for p in (folder / "example").iterdir()]
    forget()
    lake = rig("madeup", DOMAIN)
    example = (folder / "example/kasse.csv").read_bytes()
    outcome = lake.drop(f"{DOMAIN}/kasse/example.csv", example)
    assert outcome is not None
    assert outcome.status == "accepted", (outcome.reason, outcome.detail)
    lake.run("first")
    assert lake.table("silver.kasse").count() == len(example.splitlines()) - 1
    assert dt.date(2026, 1, 5) in {row[0] for row in by_day(lake)}
