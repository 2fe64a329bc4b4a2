"""A company's project outside the checkout: environments.toml and one domain, nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = """
[dev]

[live]
prefix = "acme"
protected = true
tags = {team = "data", "cost-center" = "42"}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("company")
    (folder / "environments.toml").write_text(ENVIRONMENTS, "utf-8")
    lake(folder, "new", "sales")
    return folder


def lake(project: Path, *words: str | Path) -> str:
    """What a verb says for the project; it must end well."""
    outer = {**os.environ, "LAKE_PROJECT": str(project)}
    command = [sys.executable, "-m", "cli", *map(str, words)]
    done = subprocess.run(command, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout + done.stderr


def test_its_contract_alone_is_judged(project: Path) -> None:
    assert lake(project, "contract", "lint").splitlines() == ["sales: 1 datasets, 2 tables: right"]


def test_its_templates_hold_its_domain_its_environments_and_its_tags_only(
    project: Path, tmp_path: Path
) -> None:
    lake(project, "synth", "--out", tmp_path)
    assert {p.name for p in tmp_path.glob("assembly-*")} == {"assembly-dev", "assembly-live"}
    templates = [json.loads(p.read_text()) for p in tmp_path.rglob("*.template.json")]
    resources = [r for t in templates for r in t["Resources"].values()]
    jobs = {r["Properties"]["Name"] for r in resources if r["Type"] == "AWS::Glue::Job"}
    stages = ("bronze-ingest", "bronze-to-silver", "silver-to-gold", "maintenance")
    assert jobs == {
        f"{prefix}-sales-{stage}" for prefix in ("lakehouse-dev", "acme-live") for stage in stages
    }
    [live] = [
        r["Properties"] for r in resources if r["Properties"].get("StateMachineName") == "acme-live-sales"
    ]
    tags = {tag["Key"]: tag["Value"] for tag in live["Tags"]}
    assert {"team": "data", "cost-center": "42", "lakehouse:env": "live"}.items() <= tags.items()


def test_its_stacks_are_named_for_deployment(project: Path) -> None:
    said = lake(project, "deploy", "--env", "live", "--list")
    assert "live/storage (acme-live-storage)" in said
    assert "lakehouse-dev" not in said


@pytest.mark.parametrize(
    ("environments", "words", "message"),
    [
        (None, "status", "environments.toml is missing: it names the environments"),
        ("[dev", "up", "environments.toml: is not TOML"),
        (
            "[dev]",
            "synth",
            "holds no domain, a folder with a contract.odcs.yaml; `./lake new NAME` writes one",
        ),
        ("[dev]", "contract lint", "holds no domain, a folder with a contract.odcs.yaml"),
        ("[dev]", "demo", "no domain of the project brings a sample"),
        ('[dev]\ndomains = ["sales"]', "synth", "domains: there is no sales in the project"),
    ],
)
def test_a_project_that_lacks_something_is_told_in_one_message(
    tmp_path: Path, environments: str | None, words: str, message: str
) -> None:
    if environments is not None:
        (tmp_path / "environments.toml").write_text(environments, "utf-8")
    outer = {**os.environ, "LAKE_PROJECT": str(tmp_path)}
    command = [sys.executable, "-m", "cli", *words.split()]
    done = subprocess.run(command, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_domain_is_not_named_like_one_of_the_product(tmp_path: Path) -> None:
    """Its code would be taken for the product's, which is imported under the same name."""
    shipped = next((ROOT / "domains").glob("*/contract.odcs.yaml")).parent
    (tmp_path / "environments.toml").write_text("[dev]", "utf-8")
    folder = tmp_path / "domains" / shipped.name
    folder.mkdir(parents=True)
    (folder / "contract.odcs.yaml").write_bytes((shipped / "contract.odcs.yaml").read_bytes())
    outer = {**os.environ, "LAKE_PROJECT": str(tmp_path)}
    for words in (["contract", "lint"], ["new", shipped.name]):
        command = [sys.executable, "-m", "cli", *words]
        done = subprocess.run(command, cwd=ROOT, env=outer, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert f"the product brings a domain {shipped.name}" in done.stderr
        assert "choose another name" in done.stderr


@pytest.mark.slow
def test_its_files_become_tables_on_the_laptop_and_its_tests_pass(project: Path) -> None:
    try:
        lake(project, "up")
        lake(
            project,
            "drop",
            project / "domains/sales/example/orders.csv",
            "--domain",
            "sales",
            "--dataset",
            "orders",
        )
        lake(project, "run", "sales")
        answer = project / "answer.json"
        lake(project, "query", "--domain", "sales", "--report", "newest_days", "--json", answer)
        rows = json.loads(answer.read_text())["rows"]
    finally:
        lake(project, "up", "--stop")
    assert [[str(v) for v in row] for row in rows] == [
        ["2026-05-02", "1", "0.00"],
        ["2026-05-01", "2", "17.50"],
    ]
    assert (project / ".lake" / ".gitignore").read_text() == "*\n"
    assert "passed" in lake(project, "test")
