"""docs/tutorial/messy-files.md: its commands are run, and its numbers are DuckDB's on the same files.
docs/tutorial/five-minutes.md: what it shows of a draft and a trial is what these commands say.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cli.exits import Exit
from local.settings import ROOT

PAGE = (ROOT / "docs" / "tutorial" / "messy-files.md").read_text("utf-8")
SHIPPED = ROOT / "docs" / "tutorial" / "hofladen"
COMMANDS = [line for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
# Of the till's report DuckDB sees lines of text; each part is read here by a rule of its own, in no zone's words:
# Berlin is one hour ahead of UTC until 01:00 UTC on 29 March 2026, then two.
TILL = r"""
WITH lines AS (SELECT string_split(line, ';') AS cell FROM (SELECT unnest(?::VARCHAR[]) AS line)
        WHERE line SIMILAR TO '\d{4};.*'),
     read AS (SELECT cell[1] AS receipt, try_strptime(trim(cell[5]), '%d.%m.%Y %H:%M') AS local, cell[4] AS amount
        FROM lines)
SELECT CAST(local AS DATE) AS date,
       sum(CAST(replace(replace(amount, '.', ''), ',', '.') AS DECIMAL(18, 2))) AS till
FROM read WHERE amount SIMILAR TO '(\d+|\d{1,3}(\.\d{3})+),\d{2}'
  AND NOT (local >= '2026-03-29 02:00:00' AND local < '2026-03-29 03:00:00')
GROUP BY 1 ORDER BY 1
"""
ONLINE = """
WITH orders AS (SELECT unnest(data.orders) AS o FROM read_json(?)),
     lines AS (SELECT CAST(o.placed AS TIMESTAMPTZ) AS placed, unnest(o.lines) AS line FROM orders)
SELECT CAST(placed AT TIME ZONE 'Europe/Berlin' AS DATE) AS date,
       sum(line.qty * CAST(line.price AS DECIMAL(18, 2))) AS online
FROM lines GROUP BY 1 ORDER BY 1
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[list[list[Any]]]]:
    """What the page's queries answer when its commands are run in a copy of its project."""
    copy: Path = tmp_path_factory.mktemp("tutorial") / "hofladen"
    shutil.copytree(SHIPPED, copy, ignore=shutil.ignore_patterns(".lake"))
    found = []
    try:
        for number, command in enumerate(c for c in COMMANDS if c.startswith("./lake ")):
            words = shlex.split(command.replace("docs/tutorial/hofladen", str(copy)))[1:]
            out = copy / f"{number}.json"
            said = ["--json", str(out)] if words[0] == "query" else []
            lake(copy, *words, *said, code=Exit.ALARMED if words[0] == "run" else 0)
            if words[0] == "query":
                found.append(json.loads(out.read_text("utf-8"))["rows"])
        yield found
    finally:
        lake(copy, "up", "--stop")


def lake(project: Path, *words: str, code: int = 0) -> str:
    outer = {**os.environ, "LAKE_PROJECT": str(project)}
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT,
        env=outer,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, (words, (done.stdout + done.stderr)[-3000:])
    return done.stdout + done.stderr


def test_sales_of_each_day_are_what_duckdb_finds_in_the_files(answers: list[list[list[Any]]]) -> None:
    report = (SHIPPED / "files" / "kasse.csv").read_text("cp1252")
    with duckdb.connect() as con:
        till = dict(con.execute(TILL, [report.splitlines()]).fetchall())
        online = dict(con.execute(ONLINE, [str(SHIPPED / "files" / "bestellungen.json")]).fetchall())
    expected = [
        [str(d), f"{till.get(d, 0):.2f}", f"{online.get(d, 0):.2f}"] for d in sorted({*till, *online})
    ]
    assert [[str(cell) for cell in row] for row in answers[0]] == expected
    shown = [f"| {' | '.join(row)} |" for row in expected]
    assert all(line in PAGE for line in shown), shown


def test_the_customers_are_those_that_were_not_deleted(answers: list[list[list[Any]]]) -> None:
    assert answers[1] == [["7", "Zoë", "Berlin"], ["9", "Åsa", "Ulm"]]


def test_what_is_put_aside_is_what_the_page_says(answers: list[list[list[Any]]]) -> None:
    assert sorted(map(str, answers[2])) == sorted(
        ["[['invalid_type'], ['amount']]", "[['nonexistent_local_time'], ['sold_at']]"]
    )
    assert answers[3] == [[["invalid_type"], ["price"]]]


def test_five_minutes_shows_what_infer_and_try_say(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "tutorial" / "five-minutes.md").read_text("utf-8")
    file = SHIPPED / "files" / "kasse.csv"
    said = lake(tmp_path, "infer", str(file), "--domain", "till").splitlines()
    assert len(said) == 6
    assert [line for line in said if line not in page] == []
    contract = tmp_path / "domains" / "till" / "contract.odcs.yaml"
    text = re.sub(r"^ *# DECIDE.*\n(?: *#   .*\n)*", "", contract.read_text("utf-8"), flags=re.MULTILINE)
    for old, new in (
        ("Region/City", "Europe/Berlin"),
        ("# - {property: eventDateTimezone", "- {property: eventDateTimezone"),
        ("decimalMark, value: DECIDE", 'decimalMark, value: ","'),
        ("groupMark, value: DECIDE", 'groupMark, value: "."'),
    ):
        assert old in text
        text = text.replace(old, new)
    contract.write_text(text, "utf-8")
    lake(
        tmp_path,
        "try",
        "till",
        str(file),
        "--json",
        str(tmp_path / "try.json"),
        "--out",
        str(tmp_path / "out"),
    )
    trial = json.loads((tmp_path / "try.json").read_text("utf-8"))
    rows = [
        [
            [
                f["reason"],
                *f["columns"],
                str(f["rows"]),
                f"{Path(f['places'][0]['file']).name} line {f['places'][0]['number']}",
            ]
            for f in trial["datasets"]["kasse"]["faults"]
        ],
        [
            [
                str(trial["datasets"]["kasse"][c])
                for c in ("read", "written", "quarantined", "deduplicated", "replaced")
            ]
        ],
        [],
    ]
    marts = str(next((tmp_path / "out").rglob("*kasse_by_day*.parquet")))
    with duckdb.connect() as con:
        query = "SELECT CAST(date AS VARCHAR), row_count, menge FROM read_parquet(?) ORDER BY 1"
        rows[2] = [list(map(str, row)) for row in con.execute(query, [marts]).fetchall()]
    shown = [line.split() for line in page.splitlines()]
    for row in itertools.chain.from_iterable(rows):
        words = " ".join(row).split()
        assert any(words == line[-len(words) :] or words == line[1 : 1 + len(words)] for line in shown), row
