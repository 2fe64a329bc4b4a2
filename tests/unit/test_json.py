"""`--json`: each verb's result for machines, in a file or alone on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.main import main, module_of
from local.settings import ROOT
from shared.project import project_folder


def result(tmp_path: Path, *words: str, code: int = 0) -> dict[str, Any]:
    report = tmp_path / "report.json"
    assert main([*words, "--json", str(report)]) == code
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def alone(*words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command whose result goes to stdout, of somebody without credentials."""
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), "/nowhere")
    region = {"AWS_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words, "--json", "-"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**kept, **nowhere, **region},
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_on_stdout_there_is_nothing_else() -> None:
    """Not even what people are shown there otherwise."""
    code, out, err = alone("doctor", "--env", "dev")
    assert code == 1
    assert json.loads(out)["can_work"] is False
    assert "refused    credentials: " in err


def test_an_error_is_json_as_well_and_still_said() -> None:
    code, out, err = alone("migrate", "shop", "--yes")
    assert code == 1
    assert json.loads(out) == {
        "error": "--yes, --rebuild and --drop are for --env NAME. Nothing was changed",
        "do": "./lake migrate shop makes all tables of the laptop anew",
    }
    assert err.endswith("→ ./lake migrate shop makes all tables of the laptop anew\n")


def test_a_contract_that_is_wrong_is_told_with_exit_code_and_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.verbs.contract._lint", lambda _: (["shop: is wrong"], ["shop: a hint"]))
    assert result(tmp_path, "contract", "lint", code=1) == {
        "wrong": ["shop: is wrong"],
        "hints": ["shop: a hint"],
    }


def test_a_new_domain_is_named_by_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.verbs.new.write_domain", lambda name, _: project_folder() / "domains" / name)
    found = result(tmp_path, "new", "orders")
    assert found == {"folder": str(project_folder() / "domains" / "orders")}
    assert found.keys() == module_of("new").RESULT.keys()  # type: ignore[attr-defined]


def test_a_drop_names_bucket_and_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Names:
        def bucket(self, zone: str) -> str:
            return f"lakehouse-dev-{zone}"

    class Target:
        names = Names()

    monkeypatch.setattr("cli.verbs.drop.target_of", lambda *a, **k: Target())
    monkeypatch.setattr("cli.drops.upload", lambda *a: None)
    (tmp_path / "a.csv").write_text("id\n1\n")
    found = result(tmp_path, "drop", str(tmp_path / "a.csv"), "--domain", "shop", "--dataset", "users")
    assert found == {"bucket": "lakehouse-dev-raw", "keys": ["shop/users/a.csv"]}


def test_a_draft_says_what_it_was_made_from_and_what_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "domains").mkdir()
    monkeypatch.setenv("LAKE_PROJECT", str(tmp_path))
    (tmp_path / "orders.csv").write_text(
        "id,day,total\n" + "".join(f"{i},2026-01-{i + 1:02},{i}.5\n" for i in range(9))
    )
    found = result(tmp_path, "infer", str(tmp_path / "orders.csv"), "--domain", "orders")
    assert found["datasets"] == [
        {"name": "orders", "files": 1, "rows": 9, "columns": 3, "kind": found["datasets"][0]["kind"]}
    ]
    assert found["folder"] == str(tmp_path / "domains" / "orders")
    assert found["left_out"] == []
    assert all(isinstance(question, str) for question in found["questions"])
