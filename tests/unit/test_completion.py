"""Shells complete `./lake`: verbs, options and the project's names, at once and without asking anybody."""

from __future__ import annotations

import os
import pty
import resource
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.completion.candidates import candidates
from cli.main import main
from shared.project import project_folder

ROOT = Path(__file__).parents[2]


def words(*given: str) -> list[str]:
    """What is completed, without what it is."""
    return [line.partition("\t")[0] for line in candidates(given)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (["roll"], ["rollback"]),
        (["dance", ""], []),
        (["status", "w"], ["web"]),
        (["status", "nope"], []),
        (["run", "shop", "--env", ""], ["dev", "test", "prod"]),
        (["run", "shop", "--env", "=", "p"], ["prod"]),  # as bash takes it apart
        (["run", "shop", "--env", "="], ["dev", "test", "prod"]),
        (["run", "shop", "--env=p"], ["--env=prod"]),
        (["run", "shop", "--from"], ["--from-date"]),
        (["run", "shop", "--env", "dev", "--de"], ["--demo"]),
        (["run", "shop", "--demo", "--dem"], []),
        (["replay", "shop", "--dataset", "e"], ["events"]),
        (["drop", "x.csv", "--domain", "web", "--dataset", "nd"], ["ndjson"]),
        (["drop-table", "shop", "silver.users", "gold.daily_r"], ["gold.daily_revenue"]),
        (["migrate", "shop", "--rebuild", "silver.users", "silver.users_h"], ["silver.users_history"]),
        (["contract", ""], ["lint", "docs", "release", "test"]),
        (["completion", "f"], ["fish"]),
        (["try", "shop", "fi"], [":path"]),
        (["run", "shop", "--json", ""], [":path"]),
        (["new", ""], ["--help", "--smoke", "--json"]),
        (["--project", ""], [":path"]),
    ],
)
def test_what_may_stand_there_is_offered(given: list[str], found: list[str]) -> None:
    assert words(*given) == found


def test_every_verb_is_offered_with_what_it_does() -> None:
    lines = candidates([""])
    assert "query\tSQL on silver and gold, in Athena's dialect" in lines
    assert len(lines) > 25


def test_names_are_those_of_the_project_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAKE_PROJECT", str(project_folder()))  # undoes what the call sets
    monkeypatch.setenv("LAKE_CALLED_FROM", str(tmp_path))
    (tmp_path / "own" / "domains" / "sales").mkdir(parents=True)
    (tmp_path / "own" / "domains" / "sales" / "contract.odcs.yaml").write_text("schema: [")
    (tmp_path / "own" / "environments.toml").write_text("[live]\n")
    assert words("--project", "own", "status", "") == ["sales"]
    assert words("--project", "own", "status", "sales", "--env", "") == ["live"]
    assert words("--project", "own", "replay", "sales", "--dataset", "x") == []  # a wrong contract has none


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """The script beside the code, with an installed Python, and the tests' project as its own."""
    for name in ("cli", "shared"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in ("domains", "environments.toml"):
        (tmp_path / name).symlink_to(project_folder() / name)
    shutil.copy(ROOT / "lake", tmp_path / "lake")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    return tmp_path


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k not in ("LAKE_PROJECT", "PYTHONPATH")} | {"TERM": "dumb"}


def script(shell: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def typed(command: list[str], folder: Path, keys: str, until: str) -> str:
    """What a terminal shows of a shell after these keys, until that stands there."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, environment())
    shown, deadline = "", time.monotonic() + 30
    try:
        os.write(terminal, keys.encode())
        while until not in shown and time.monotonic() < deadline:
            if select.select([terminal], [], [], 0.2)[0]:
                shown += os.read(terminal, 4096).decode(errors="replace")
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(terminal)
    return shown


def test_bash_completes_what_is_typed(product: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (product / "rc").write_text(script("bash", capsys) + "PS1='> '\n")
    bash = ["bash", "--noprofile", "--rcfile", str(product / "rc"), "-i"]
    # Each Tab ends what was begun: a verb, a domain, a table with a dot, an option; a value after =; a file.
    keys = "./lake drop-ta\tsh\tgold.daily_rev\t--de\t"
    assert "./lake drop-table shop gold.daily_revenue --demo" in typed(bash, product, keys, "--demo")
    assert "lake run web --env=prod" in typed(bash, product, "./lake run w\t--env=pr\t", "--env=prod")
    assert "--json environments.toml" in typed(
        bash, product, "./lake run web --json envi\t", "environments.toml"
    )


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_take_their_script(
    shell: str, product: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed: its script is not tried")
    (product / f"lake.{shell}").write_text(script(shell, capsys))
    subprocess.run([program, "-n", str(product / f"lake.{shell}")], check=True, env=environment())
    if shell == "fish":
        ask = f"source {product}/lake.fish; complete -C './lake status w'"
        done = subprocess.run(
            [program, "--no-config", "-c", ask],
            check=True,
            capture_output=True,
            text=True,
            cwd=product,
            env=environment(),
        )
        assert done.stdout.split() == ["web"]
    else:
        (product / ".zshrc").write_text(f"source {product}/lake.zsh\nPS1='> '\n")
        os.environ["ZDOTDIR"] = str(product)
        try:
            assert "./lake status web" in typed([program, "-i"], product, "./lake status w\t", "status web")
        finally:
            del os.environ["ZDOTDIR"]


def test_a_press_of_a_key_is_answered_at_once(product: Path) -> None:
    """In CPU time, for other work on the machine is none of it: less than 200 ms of script and Python."""
    asked = ["./lake", "__complete", "drop-table", "shop", "gold."]
    subprocess.run(asked, cwd=product, env=environment(), check=True, stdout=subprocess.DEVNULL)
    used = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            asked, cwd=product, env=environment(), check=True, capture_output=True, text=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "gold.daily_revenue" in done.stdout.split()
    assert min(used) < 0.2


def test_it_needs_neither_spark_nor_aws(product: Path) -> None:
    program = "import sys; from cli.completion.candidates import candidates; candidates(['run', 'shop', '--env', ''])"
    loaded = "print([m for m in ('boto3', 'pyspark', 'aws_cdk', 'pydantic', 'rich') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}; {loaded}"],
        cwd=product,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_without_installed_packages_nothing_is_offered_and_nothing_installed(product: Path) -> None:
    shutil.rmtree(product / ".venv")
    done = subprocess.run(
        ["./lake", "__complete", "st"],
        cwd=product,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (product / ".venv").exists()
