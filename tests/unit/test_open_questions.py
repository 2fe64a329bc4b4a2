"""A contract with an open question is tried with a warning, and neither brings data nor is deployed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.targets import check_decided
from cli.verbs import trial
from local.session import TargetError
from shared.project import VARIABLE

ROOT = Path(__file__).parents[2]
SHOP = ROOT / "tests" / "project"
# One process for all of them: each is refused before it does anything.
VERBS = """
import sys
from cli.main import main, run
for words in (["drop", sys.argv[1], "--domain", "shop", "--dataset", "events"], ["run", "shop"], ["synth"]):
    print(words[0], run(lambda: main(words)))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The tests' project, with a question in the contract of its shop."""
    shutil.copytree(SHOP, tmp_path / "project")
    contract = tmp_path / "project" / "domains" / "shop" / "contract.odcs.yaml"
    contract.write_text(f"# DECIDE: zone: which is it?\n{contract.read_text('utf-8')}", "utf-8")
    return tmp_path / "project"


def test_questions_are_told_with_their_lines(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(project))
    with pytest.raises(TargetError, match=r"contract\.odcs\.yaml:1: not decided yet: zone: which is it\?"):
        check_decided(["web", "shop", "nowhere"])
    check_decided(["web"])


def test_a_trial_warns_of_them(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(project))
    trial._warn_of_questions("shop")
    assert ":1: not decided yet: zone: which is it?" in "".join(capsys.readouterr())


def test_drop_run_and_synth_refuse(project: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{}")
    done = subprocess.run(
        [sys.executable, "-c", VERBS, str(tmp_path / "a.json")],
        cwd=ROOT,
        env={**os.environ, VARIABLE: str(project), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["drop", "1", "run", "1", "synth", "1"], done.stderr
    assert done.stderr.count("not decided yet: zone: which is it?") == 3
