"""The shell script `lake`: what it needs, said before anything is installed, and which packages it installs
for which verb.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "lake"
RUNTIME, DEV, DEPLOY, WAREHOUSE, CONSOLE = (
    f"requirements{name}.lock" for name in ("", "-dev", "-deploy", "-warehouse", "-console")
)
SEARCH = "domains/search/requirements.lock"
LOCK = "boto3==1.0 \\\n    --hash=sha256:b0\nuv==2.0 \\\n    --hash=sha256:0f\nwrapt==3.0 \\\n    --hash=sha256:3a\n"
PYTHON = """#!/usr/bin/env bash
echo "$*" >>calls
case "$*" in
  *sysconfig*) echo "$PWD/site-packages" ;;
  *"-m uv"*) {uv} ;;
  *"-m pip"*) {pip} ;;
esac
"""


def started(tmp_path: Path, java_says: str) -> subprocess.CompletedProcess[str]:
    """`lake demo` of a copy of the script alone, with a Java that says this of itself and no Python: after
    the check of Java it ends.
    """
    (tmp_path / "lake").write_text(SCRIPT.read_text())
    return called(tmp_path, "demo", tools=with_tools(tmp_path, java_says, "bash", "dirname", "sed", "head"))


def with_tools(folder: Path, java_says: str, *names: str) -> Path:
    """A PATH of these programs and a Java."""
    tools = folder / "bin"
    tools.mkdir()
    for name in names:
        (tools / name).symlink_to(next(p for d in os.get_exec_path() if (p := Path(d) / name).exists()))
    program(tools / "java", f"#!/usr/bin/env bash\necho '{java_says}' >&2\n")
    return tools


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def called(folder: Path, *words: str, tools: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = ["/usr/bin/env", "bash", str(folder / "lake"), *words]
    environment = {"PATH": str(tools), **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


class Checkout:
    """The script with locks and a .venv whose Python only notes what it is asked; `uv` and `pip`: how these
    two end.
    """

    def __init__(self, folder: Path, *, uv: str = "exit 0", pip: str = "exit 0") -> None:
        self.folder = folder
        for name in (
            RUNTIME,
            DEV,
            DEPLOY,
            WAREHOUSE,
            CONSOLE,
            SEARCH,
            "local/unused.txt",
            "lake",
            ".venv/bin/python",
            "site-packages/spark/jars/x-1.jar",
        ):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(LOCK)
        (folder / "lake").write_text(SCRIPT.read_text())
        (folder / "local" / "unused.txt").write_text("# why\n\nspark/jars/x-*\n")
        program(folder / ".venv" / "bin" / "python", PYTHON.format(uv=uv, pip=pip))
        self.tools = with_tools(
            folder,
            'version "17.0.1"',
            *("bash", "dirname", "sed", "head", "sort", "cat", "cksum", "awk", "rm"),
        )

    def lake(self, *words: str) -> list[str]:
        """What Python was asked by this call."""
        (self.folder / "calls").unlink(missing_ok=True)
        self.ended = called(self.folder, *words, tools=self.tools)
        return [
            line for line in (self.folder / "calls").read_text().splitlines() if "version_info" not in line
        ]

    def installed(self, *words: str) -> set[str]:
        """The locks that this call installed."""
        return {
            lock
            for line in self.lake(*words)
            if "-m uv pip install" in line
            for lock in re.findall(r" -r (\S+)", line)
        }


@pytest.mark.parametrize(
    ("version", "found"), [("1.8.0_402", "1"), ("11.0.22", "11"), ("23.0.1", "23"), ("25.0.1", "25")]
)
def test_a_java_that_spark_does_not_run_on_is_refused(tmp_path: Path, version: str, found: str) -> None:
    done = started(tmp_path, f'openjdk version "{version}" 2025-10-21')
    assert done.returncode == 1
    assert f"Java 17 to 22 is missing (found: {found})" in done.stderr


@pytest.mark.parametrize("version", ["17.0.15", "21.0.5", "22"])
def test_other_versions_are_not(tmp_path: Path, version: str) -> None:
    assert started(tmp_path, f'openjdk version "{version}" 2025-04-15').stderr.startswith(
        "Python 3.11, 3.12 or 3.13 with venv is missing"
    )


@pytest.mark.parametrize(
    ("words", "locks"),
    [
        ((), {RUNTIME}),
        (("demo",), {RUNTIME}),
        (("demo", "--domain", "ecommerce", "--json", "out.json"), {RUNTIME}),
        (("audit",), {RUNTIME}),
        (("audit", "--packages", "--strict"), {RUNTIME, DEV}),
        (("audit", "--sbom", "bill.json"), {RUNTIME, DEV}),
        (("synth", "--env", "prod"), {RUNTIME}),
        (("query", "--domain", "logs", "select 'search' from x"), {RUNTIME}),
        (("test", "--slow"), {RUNTIME, DEV}),
        (("bench", "silver"), {RUNTIME, DEV}),
        (("deploy", "--env", "dev", "--diff"), {RUNTIME, DEPLOY}),
        (("up", "--warehouse"), {RUNTIME, WAREHOUSE}),
        (("console", "--env", "dev"), {RUNTIME, CONSOLE}),
        (("demo", "--domain", "search"), {RUNTIME, SEARCH}),
        (("demo", "--domain=search"), {RUNTIME, SEARCH}),
        (("run", "search"), {RUNTIME, SEARCH}),
    ],
    ids=" ".join,
)
def test_a_verb_installs_what_it_needs_and_no_more(
    tmp_path: Path, words: tuple[str, ...], locks: set[str]
) -> None:
    checkout = Checkout(tmp_path)
    assert checkout.installed(*words) == locks
    assert checkout.lake(*words) == [" ".join(["-m cli", *words])]  # once


def test_packages_are_installed_with_hashes_only_and_what_nobody_loads_is_removed(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    assert "--require-hashes" in next(line for line in checkout.lake("demo") if "uv pip install" in line)
    assert not (tmp_path / "site-packages/spark/jars/x-1.jar").exists()


def test_what_one_verb_brought_stays_for_all_others(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.lake("test")
    assert checkout.installed("demo") == set()
    assert checkout.installed("deploy") == {RUNTIME, DEV, DEPLOY}
    (tmp_path / RUNTIME).write_text(LOCK + "zstandard==4.0\n")
    assert checkout.installed("demo") == {RUNTIME, DEV, DEPLOY}


def test_where_uv_does_not_run_pip_installs_the_same_without_it(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, uv="exit 1")
    command = checkout.lake("run", "search")[-3]
    assert command.startswith("-m pip install")
    assert "--require-hashes" in command
    given = [(tmp_path / name).read_text() for name in re.findall(r"-r (\S+)", command)]
    assert given == ["boto3==1.0 \\\n    --hash=sha256:b0\nwrapt==3.0 \\\n    --hash=sha256:3a\n"] * 2


def test_without_a_network_it_says_what_is_needed_and_tries_again_next_time(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, uv="exit 1", pip="exit 1")
    for _ in range(2):
        assert "-m cli demo" not in checkout.lake("demo")
        assert checkout.ended.returncode == 1
        assert (
            "requirements.lock could not be installed; the reason is above. It is needed once, with a network."
            in checkout.ended.stderr
        )


def test_what_was_removed_comes_back_with_a_new_venv_when_the_list_changes(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.lake("test")
    made = (tmp_path / ".venv" / "bin" / "python").rename(tmp_path / "made")
    (tmp_path / ".venv" / "bin" / "python").symlink_to(made)
    program(
        checkout.tools / "python3",
        f"#!/usr/bin/env bash\n[ $1 = -c ] || {{ mkdir -p .venv/bin; ln -s {made} .venv/bin/python; }}\n",
    )
    for name in ("mkdir", "ln"):
        (checkout.tools / name).symlink_to(
            next(p for d in os.get_exec_path() if (p := Path(d) / name).exists())
        )
    (tmp_path / ".venv" / "old").touch()
    (tmp_path / "local" / "unused.txt").write_text("# nothing\n")
    assert checkout.installed("demo") == {RUNTIME, DEV}
    assert not (tmp_path / ".venv" / "old").exists()


def test_the_packages_of_a_company_s_domains_are_resolved_by_the_product_s_versions(tmp_path: Path) -> None:
    (folder := tmp_path / "company" / "domains" / "sales").mkdir(parents=True)
    (folder / "requirements.txt").write_text("scipy==1.17.1\n")
    checkout = Checkout(tmp_path / "product")
    calls = checkout.lake("--project", str(tmp_path / "company"), "lock")
    [resolved] = [c for c in calls if f"-o {folder}/requirements.lock " in c]
    assert resolved.endswith(f"--no-annotate {folder}/requirements.txt -c requirements-dev.lock")
    assert not [c for c in checkout.lake("lock") if str(folder) in c]


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ({}, "unset,unset"),
        ({"PYTHONDONTWRITEBYTECODE": "1"}, "unset,{folder}/.lake/pycache"),
        ({"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": "/elsewhere"}, "unset,/elsewhere"),
    ],
)
def test_compiled_modules_are_kept_beside_no_source_where_none_may_be_there(
    tmp_path: Path, given: dict[str, str], seen: str
) -> None:
    checkout = Checkout(tmp_path)
    checkout.lake("status")  # installs
    says = 'if [ "$1" = -m ]; then echo "${PYTHONDONTWRITEBYTECODE-unset},${PYTHONPYCACHEPREFIX-unset}"; fi'
    program(tmp_path / ".venv" / "bin" / "python", f"#!/usr/bin/env bash\n{says}\n")
    done = called(tmp_path, "status", tools=checkout.tools, **given)
    assert done.stdout.split() == [seen.format(folder=tmp_path)]
