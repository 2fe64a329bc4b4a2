"""Mistakes of users: every verb answers with a message and an exit code, never with a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.main import VERBS
from local.settings import ROOT
from shared.project import VARIABLE

PROJECT = ROOT / "tests" / "project"
# The commands run in one process for each project: contracts and places are read once a process.
DRIVER = """
import contextlib, io, json, sys
from cli.main import main
results = []
for argv in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
        try:
            code = main(argv)
        except SystemExit as ended:
            code = ended.code
        except BaseException as error:
            code = repr(error)
    results.append((code, said.getvalue()))
json.dump(results, sys.stdout)
"""
# Of a project in which nothing is wrong, with no lake running: command, exit code, and what is said.
WRONG_NAMES: list[tuple[list[str], int, str]] = [
    (["dance"], 2, "there is no verb 'dance'"),
    (["demo"], 1, "no domain of the project brings a sample"),
    (["demo", "--domain", "nope"], 2, "nope"),
    (["try", "nope", "environments.toml"], 2, "choose from"),
    (["try", "shop"], 2, "the following arguments are required: FILE"),
    (["try", "shop", "/no/such/file"], 1, "/no/such/file does not exist"),
    (["try", "shop", "environments.toml", "--json", "."], 2, "expected a file"),
    (["up", "--env", "nope"], 2, "choose from"),
    (["generate", "nope", "--out", "/tmp/nope"], 2, "choose from"),
    (["generate", "shop", "--out", "/tmp/nope"], 1, "the domain 'shop' brings no sample"),
    (["drop", "/no/such/file", "--domain", "shop", "--dataset", "users"], 1, "/no/such/file does not exist"),
    (["drop", ".", "--domain", "nope", "--dataset", "users"], 2, "choose from"),
    (["drop", "environments.toml", "--domain", "shop", "--dataset", "nope"], 1, "shop has no dataset nope"),
    (["run", "nope"], 2, "choose from"),
    (["run", "shop"], 1, "nothing runs on this laptop yet"),
    (["run", "shop", "--env", "nope"], 2, "choose from"),
    (["run", "shop", "--from-date", "yesterday"], 2, "expected YYYY-MM-DD"),
    (["run", "shop", "--json", "."], 2, "expected a file"),
    (["run", "shop", "--demo", "--follow"], 1, "./lake up --demo"),
    (["replay", "shop", "--dataset", "nope"], 1, "shop has no dataset 'nope'"),
    (["replay", "shop", "--reason", "nope"], 1, "'nope' is not a reason of shop"),
    (["redrive", "nope"], 2, "choose from"),
    (["redrive", "shop"], 1, "nothing runs on this laptop yet"),
    (["redrive", "shop", "--letters", "--execution"], 2, "not allowed with argument"),
    (["redrive", "shop", "--env", "nope"], 2, "choose from"),
    (["rollback", "shop", "--to", "yesterday"], 2, "expected YYYY-MM-DDTHH:MM:SS"),
    (["rollback", "nope", "--to", "2026-01-01"], 2, "choose from"),
    (["forget", "nope", "--again"], 2, "choose from"),
    (["forget", "shop", "--key", "nobody=1"], 1, "key 1: expected NAME=VALUE with a name of user_id"),
    (["forget", "shop", "--plan"], 2, "one of the arguments --key --keys --again is required"),
    (["drop-table", "nope", "gold.daily"], 2, "choose from"),
    (["drop-table", "shop", "gold.daily"], 1, "nothing runs on this laptop yet"),
    (["doctor", "--env", "nope"], 2, "choose from"),
    (["smoke", "--env", "nope"], 2, "choose from"),
    (["migrate", "nope"], 2, "choose from"),
    (["migrate", "shop", "--yes"], 1, "are for --env NAME. Nothing was changed"),
    (["status", "nope"], 2, "choose from"),
    (["status", "--reasons"], 1, "nothing runs on this laptop yet"),
    (["console", "--env", "nope"], 2, "choose from"),
    (["console", "--port", "99999"], 1, "port 99999 of 127.0.0.1 cannot be had"),
    (["tables", "nope"], 2, "choose from"),
    (["tables", "--demo"], 1, "./lake up --demo"),
    (["query"], 2, "one of the arguments sql --report is required"),
    (["query", "--report", "nope"], 2, "choose from"),
    (["query", "--domain", "nope", "select 1"], 2, "choose from"),
    (["cost", "--env", "nope"], 2, "choose from"),
    (["synth", "--env", "dev", "--out", "environments.toml"], 1, "File exists"),
    (["deploy", "--env", "nope"], 2, "choose from"),
    (["audit", "--nope"], 2, "unknown arguments: --nope"),
    (["infer", "gone.csv", "--domain", "orders"], 1, "gone.csv: there is no such file or folder"),
    (["infer", "gone.csv", "--domain", "shop"], 1, "is there already; nothing was written"),
    (["infer", "gone.csv", "--domain", "nowhere", "--update"], 1, "there is no domain 'nowhere' to update"),
    (["new", "Bad-Name"], 1, "cannot name a domain"),
    (["new", "shop"], 1, "is there already"),
    (["contract", "nope"], 2, "choose from"),
    (["contract", "release", "nope"], 2, "choose from"),
    (["docs", "nope"], 1, "there is no domain nope; expected some of retail, shop, web"),
    (["bench", "nope"], 2, "choose from"),
    (["completion", "tcsh"], 2, "choose from"),
]
# Of a project in which much is wrong.
WRONG_FILES: list[tuple[list[str], int, str]] = [
    (["query", "--report", "bare"], 1, "nothing runs"),
    (["query", "select 1"], 1, "nothing runs"),
    (["synth", "--env", "dev", "--out", "templates"], 1, "bare.sql: begin with a comment"),
    (["cost", "--env", "dev"], 1, "bare.sql: begin with a comment"),
    (["contract", "lint"], 1, "bare.sql:1: shop.bare: begin with a comment"),
    (["docs"], 1, "bare.sql: begin with a comment"),
    (["contract", "lint"], 1, "latin.sql:1: shop.latin: is not UTF-8 (byte 6)"),
    (["contract", "lint"], 1, "web/transforms.py:1: web: Python cannot read it"),
    (["run", "retail"], 1, "retail/transforms.py is missing: it computes customer_value"),
    (["run", "web"], 1, "web/transforms.py:1: "),
    (["generate", "shop", "--out", "out"], 1, "sample lacks generate, HEADLINES"),
    (["demo", "--domain", "shop"], 1, "sample lacks generate, HEADLINES"),
    (["generate", "web", "--out", "out"], 1, "sample cannot be imported: No module named 'nope'"),
]


def outcomes(project: Path, commands: list[list[str]]) -> list[tuple[Any, str]]:
    environment = {**os.environ, VARIABLE: str(project), "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    command = [sys.executable, "-c", DRIVER, json.dumps(commands)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=project, check=True)
    return [(code, said) for code, said in json.loads(done.stdout)]


def broken_project(folder: Path) -> Path:
    shutil.copytree(PROJECT, folder)
    domains = folder / "domains"
    (domains / "shop" / "reports" / "bare.sql").write_text("select 1")
    (domains / "shop" / "reports" / "latin.sql").write_bytes(b"-- Caf\xe9")
    (domains / "retail" / "transforms.py").unlink()
    (domains / "web" / "transforms.py").write_text("def daily(:")
    for domain, sample in (("shop", "ROWS = 1"), ("web", "import nope")):
        (domains / domain / "sample").mkdir()
        (domains / domain / "sample" / "__init__.py").write_text(sample)
    return folder


def test_wrong_names_are_told_by_every_verb(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    check(tmp_path / "project", WRONG_NAMES)
    # What follows `test` is pytest's.
    assert {command[0] for command, _, _ in WRONG_NAMES} >= VERBS.keys() - {"test"}


def test_wrong_files_of_a_project_are_told_by_their_names(tmp_path: Path) -> None:
    check(broken_project(tmp_path / "project"), WRONG_FILES)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"domain: [shop", "is not a YAML mapping"), (b"name: caf\xe9", "is not a YAML mapping")],
    ids=["no YAML", "no UTF-8"],
)
def test_a_contract_that_cannot_be_read_is_told(content: bytes, said: str, tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    (tmp_path / "project" / "domains" / "shop" / "contract.odcs.yaml").write_bytes(content)
    lint = (["contract", "lint"], 1, said)
    check(tmp_path / "project", [lint, (["run", "shop"], 1, said), (["contract", "docs"], 1, said)])


@pytest.mark.parametrize("content", [None, "[dev"], ids=["missing", "no TOML"])
def test_settings_that_cannot_be_read_are_told(content: str | None, tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "project")
    settings = tmp_path / "project" / "environments.toml"
    settings.unlink()
    if content:
        settings.write_text(content)
    verbs = [["up"], ["status"], ["run", "shop"], ["cost", "--env", "dev"], ["deploy", "--env", "dev"]]
    check(tmp_path / "project", [(verb, 1, "environments.toml") for verb in verbs])


def check(project: Path, cases: list[tuple[list[str], int, str]]) -> None:
    found = outcomes(project, [command for command, _, _ in cases])
    for (command, code, words), (ended, said) in zip(cases, found, strict=True):
        assert ended == code, (command, ended, said)
        assert words in said, (command, said)
        assert "Traceback" not in said, (command, said)
        if code:
            assert said.splitlines()[-1].startswith("  → "), (command, said)
