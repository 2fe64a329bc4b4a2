"""From the files of five foreign producers to tables, as a new user goes: infer, answers, try, up, drop, run, query.

Six commands and one edited file each, no code. Every table equals the truth that the files were spelled from, as
DuckDB sees it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local.settings import ROOT
from tests.support.foreign_files import PRODUCERS, write_files

DECIDE = re.compile(r"^ *# DECIDE.*\n(?: *#   .*\n)*", re.MULTILINE)
KEY = "        required: true\n        primaryKey: true\n        primaryKeyPosition: 1\n"


@dataclass(frozen=True)
class Case:
    """A producer's dataset; how much its draft asks, what a user answers (texts, and what replaces them); and
    what shall be in silver, in Athena's words and, of the truth, in DuckDB's.
    """

    dataset: str
    questions: int
    answers: dict[str, str]
    silver: str
    truth: str


CASES = {
    "german_csv": Case(
        "umsatz",
        3,
        {"Region/City": "Europe/Berlin"},
        "beleg, zeit, kunde, plz, betrag, bezahlt",
        "CAST(beleg AS BIGINT), zeit, kunde, plz, betrag, bezahlt",
    ),
    "american_csv": Case(
        "orders",
        1,
        {"Region/City": "America/Chicago"},
        "order_id, ordered_at, ship_date, state, zip, qty, total, gift",
        "*",
    ),
    "nested_json": Case(  # the newest report of each station
        "station_status",
        0,
        {},
        "station_id, last_reported, num_bikes_available, is_renting, place_lat, vehicle_counts",
        "*",
    ),
    "dms_changes": Case(
        "dms_changes",
        1,
        {"Region/City": "UTC"},
        "id, name, limit_eur, since",
        "CAST(id AS VARCHAR), name, limit_eur, since",
    ),
    "spark_parquet": Case(
        "spark_parquet",
        2,
        {"Region/City": "UTC", "      - name: view_id\n": f"      - name: view_id\n{KEY}"},
        "view_id, viewed_at, user_id, seconds, price, tags",
        "*",
    ),
}
NEWEST = {
    "nested_json": "QUALIFY row_number() OVER (PARTITION BY station_id ORDER BY last_reported DESC) = 1"
}


class User:
    """Someone with files, a project folder and the command line."""

    def __init__(self, folder: Path) -> None:
        self.project, self.files = folder / "lake", folder / "files"
        self.project.mkdir()
        write_files(self.files)
        self.commands = dict.fromkeys(PRODUCERS, 0)

    def lake(self, *words: str | Path, about: str | None = None) -> str:
        outer = {k: v for k, v in os.environ.items() if k != "LAKE_PROJECT"}
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, words)],
            cwd=ROOT,
            env={**outer, "LAKE_PROJECT": str(self.project)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (words, (done.stdout + done.stderr)[-3000:])
        for producer in [about] if about else PRODUCERS:
            self.commands[producer] += 1
        return done.stdout + done.stderr

    def answer(self, producer: str) -> int:
        """Answers the draft's questions. How many there were."""
        path = self.project / "domains" / producer / "contract.odcs.yaml"
        head, body = path.read_text("utf-8").split("apiVersion:", 1)
        asked = len(DECIDE.findall(body))
        for old, new in CASES[producer].answers.items():
            assert old in body, (producer, old)
            body = body.replace(old, new)
        path.write_text(f"{head}apiVersion:{DECIDE.sub('', body)}", "utf-8")
        return asked


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """All five sets drafted, answered, tried, dropped into one lake and run."""
    user = User(tmp_path_factory.mktemp("foreign"))
    asked = {}
    for producer in PRODUCERS:
        user.lake("infer", user.files / producer, "--domain", producer, about=producer)
        asked[producer] = user.answer(producer)
        tried = user.project / f"{producer}.json"
        user.lake("try", producer, user.files / producer, "--json", tried, about=producer)
    assert asked == {name: case.questions for name, case in CASES.items()}
    try:
        user.lake("up")
        for producer, case in CASES.items():
            words = (user.files / producer, "--domain", producer, "--dataset", case.dataset)
            user.lake("drop", *words, about=producer)
            user.lake("run", producer, about=producer)
        yield user
    finally:
        subprocess.run(
            [sys.executable, "-m", "cli", "up", "--stop"],
            cwd=ROOT,
            env={**os.environ, "LAKE_PROJECT": str(user.project)},
            check=False,
        )


@pytest.mark.parametrize("producer", PRODUCERS)
def test_a_trial_and_a_run_give_the_truth(producer: str, user: User) -> None:
    case = CASES[producer]
    trial = json.loads((user.project / f"{producer}.json").read_text("utf-8"))
    fate = trial["datasets"][case.dataset]
    assert trial["ok"]
    assert fate["balanced"]
    assert (fate["quarantined"], trial["unknown_columns"]) == (0, {})
    out = user.project / f"{producer}.rows.json"
    sql = f"select {case.silver} from silver.{case.dataset}"
    user.lake("query", "--domain", producer, sql, "--json", out, about=producer)
    found = json.loads(out.read_text("utf-8"))["rows"]
    with duckdb.connect() as con:
        con.execute("SET timezone = 'UTC'")
        truth = user.files / "truth" / f"{producer}.parquet"
        expected = con.execute(
            f"SELECT {case.truth} FROM read_parquet(?) {NEWEST.get(producer, '')}", [str(truth)]
        ).fetchall()
    assert as_text(found) == as_text(expected)
    assert len(found) == trial["tables"][f"silver.{case.dataset}"]["rows"] > 79


def as_text(rows: list[Any]) -> list[str]:
    """Rows in one order, spelled as `./lake query --json` spells them."""
    return sorted(json.dumps(row, default=str) for row in rows)


def test_it_takes_six_commands_and_one_edited_file(user: User) -> None:
    assert max(user.commands.values()) <= 6
