"""Processes of job runs: forks of a warm Python that a script cannot tell from a Python of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local.aws import pythons
from local.aws.job_archive import compiled
from local.aws.job_process import JobCommand, JobProcess, RunState
from local.aws.pythons import Python, Pythons

SAYS_ALL = """
import json, os, sys, library
print(json.dumps({
    "argv": sys.argv, "cwd": os.getcwd(), "name": __name__, "file": __file__, "path": sys.path,
    "environment": dict(os.environ), "session": os.getsid(0) == os.getpid(), "library": library.VALUE,
    "main": sys.modules["__main__"].__dict__ is globals(), "ours": [m for m in sys.modules if m.startswith("local")],
    "open": [n for n in range(3, 64) if os.path.exists(f"/proc/self/fd/{n}")],
}))
print("to err", file=sys.stderr)
"""

pytestmark = pytest.mark.skipif(not pythons.CAN_FORK, reason="job runs are forks on Linux only")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pythons]:
    """Nothing heavy is imported before it forks."""
    monkeypatch.setattr(pythons, "IMPORTED", ("json",))
    server = Pythons()
    yield server
    server.close()


def start(server: Pythons, folder: Path, script: str, *words: str) -> Python:
    folder.mkdir(exist_ok=True)
    path = folder / "script.py"
    path.write_text(script)
    (folder / "library.py").write_text("VALUE = 7")
    environment = {**os.environ, "PYTHONPATH": str(folder), "ONLY": "here"}
    with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
        return server.start([str(path), *words], out, err, environment, folder)


def test_a_script_finds_what_it_would_find_in_a_python_of_its_own(started: Pythons, tmp_path: Path) -> None:
    beside = start(started, tmp_path / "beside", "import time; time.sleep(60)")
    found = {}
    for name, server in {"forked": started, "plain": Pythons(forks=False)}.items():
        assert start(server, tmp_path / "a", SAYS_ALL, "--one", "zwei ß").wait(60) == 0
        found[name] = json.loads((tmp_path / "a" / "stdout").read_text())
        assert (tmp_path / "a" / "stderr").read_text() == "to err\n"
    assert found["forked"] == found["plain"]
    assert found["forked"]["argv"][1:] == ["--one", "zwei ß"]
    assert found["forked"]["library"] == 7
    os.killpg(beside.pid, signal.SIGKILL)
    assert beside.wait(60) == -signal.SIGKILL


def test_what_spark_imports_for_the_first_value_that_it_brings_to_java_is_there(tmp_path: Path) -> None:
    script = "import sys; sys.exit(sum(m not in sys.modules for m in ('pyspark.testing.utils', 'pandas')))"
    server = Pythons()
    try:
        assert start(server, tmp_path / "a", script).wait(60) == 0
    finally:
        server.close()


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("raise ValueError('bad')", 1, "ValueError: bad"),
        ("import sys; sys.exit(3)", 3, ""),
        ("import os; os._exit(4)", 4, ""),
        ("import sys; sys.exit('why')", 1, "why"),
        ("import os; os.abort()", -signal.SIGABRT, ""),
        (
            "import threading, time, sys; threading.Timer(0.2, lambda: print('late', file=sys.stderr)).start()",
            0,
            "late",
        ),
    ],
)
def test_a_script_ends_as_it_would_in_a_python_of_its_own(
    started: Pythons, tmp_path: Path, script: str, code: int, said: str
) -> None:
    assert start(started, tmp_path, script).wait(60) == code
    assert (tmp_path / "stderr").read_text().strip().endswith(said)


def test_a_fork_that_hangs_is_waited_for_as_long_as_wanted_and_killed_with_its_group(
    started: Pythons, tmp_path: Path
) -> None:
    script = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    hanging = start(started, tmp_path, script)
    with pytest.raises(subprocess.TimeoutExpired):
        hanging.wait(0.2)
    assert hanging.poll() is None
    os.killpg(hanging.pid, signal.SIGTERM)
    assert hanging.wait(60) == -signal.SIGTERM
    assert hanging.poll() == -signal.SIGTERM


def test_a_run_goes_on_when_packages_change_and_the_next_one_gets_them(
    started: Pythons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server with the packages of before ends with its last fork."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setattr(pythons.sysconfig, "get_path", lambda name: str(site))
    parent = "import os, sys; sys.stdin.close(); print(os.getppid(), flush=True)"
    assert start(started, tmp_path / "a", parent).wait(60) == 0
    long = start(started, tmp_path / "b", f"{parent}\nimport time; time.sleep(0.5)")
    (site / "new").mkdir()
    assert start(started, tmp_path / "c", parent).wait(60) == 0
    assert long.wait(60) == 0
    first, same, other = ((tmp_path / name / "stdout").read_text() for name in "abc")
    assert first == same != other


def test_without_its_server_a_fork_is_over_and_the_next_run_has_another(
    started: Pythons, tmp_path: Path
) -> None:
    hanging = start(
        started, tmp_path / "a", "import os; print(os.getppid(), flush=True)\nimport time; time.sleep(60)"
    )
    while not (server := (tmp_path / "a" / "stdout").read_text()):
        pass
    os.kill(int(server), signal.SIGKILL)
    assert hanging.wait(60) == -signal.SIGKILL
    end = time.monotonic() + 10
    while _lives(hanging.pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(hanging.pid)
    assert start(started, tmp_path / "b", "").wait(60) == 0


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_server_that_cannot_start_is_not_needed(
    started: Pythons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "SERVER", tmp_path / "missing.py")
    assert start(started, tmp_path / "a", SAYS_ALL).wait(60) == 0


def test_a_server_that_hangs_is_not_waited_for(
    started: Pythons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text(pythons.SERVER.read_text().replace("os.setsid()", "time.sleep(600); os.setsid()", 1))
    monkeypatch.setattr(pythons, "SERVER", slow)
    monkeypatch.setattr(pythons, "START_SECONDS", 1.0)
    monkeypatch.setattr(pythons, "STOP_SECONDS", 0.1)
    assert start(started, tmp_path / "a", SAYS_ALL).wait(60) == 0
    [server] = started._retired
    started.close()
    assert server.poll() == -signal.SIGKILL


def test_a_fork_that_dies_with_its_server_before_it_ran_is_over(
    started: Pythons, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "slow.py"
    reads = "        with asker.makefile() as lines:"
    slow.write_text(pythons.SERVER.read_text().replace(reads, f"        time.sleep(600)\n{reads}", 1))
    monkeypatch.setattr(pythons, "SERVER", slow)
    fork = start(started, tmp_path / "a", "")
    assert started._server is not None
    for pid in (started._server.pid, fork.pid):
        os.kill(pid, signal.SIGKILL)
    assert fork.wait(60) == -signal.SIGKILL


class Held(Pythons):
    """A start takes until `go`."""

    def __init__(self) -> None:
        super().__init__(forks=False)
        self.asked, self.go = threading.Event(), threading.Event()

    def start(self, *given: Any) -> Python:
        self.asked.set()
        self.go.wait(60)
        return super().start(*given)


class Stored:
    """As much of S3 as a job run needs."""

    def __init__(self, script: str) -> None:
        self.exceptions, self._script = SimpleNamespace(ClientError=KeyError), script

    def download_file(self, bucket: str, key: str, target: str) -> None:
        Path(target).write_text(self._script)


def job(folder: Path, script: str, server: Pythons) -> JobProcess:
    jvm = SimpleNamespace(driver=lambda job, settings: {}, said=bytes, end=lambda: None)
    jvms: Any = SimpleNamespace(take=lambda: jvm, give_back=lambda lent: None)
    store: Any = Stored(script)
    return JobProcess(JobCommand("j", "jr_1", "s3://b/s.py", {}, 1.0, folder), store, jvms, server)


def test_a_job_that_is_stopped_while_its_process_is_made_does_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    server = Held()
    run = job(tmp_path / "run", "import time; time.sleep(20); open('done', 'w')", server)
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(run.execute)
        server.asked.wait(60)
        run.stop()
        server.go.set()
        assert outcome.result(60) == (RunState.STOPPED, "")
    assert not (tmp_path / "run" / "done").exists()


def test_a_damaged_archive_is_left_to_the_job(tmp_path: Path) -> None:
    archive = tmp_path / "job.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as sources:
        sources.writestr("m.py", "x = 1\n" * 1000)
    content = bytearray(archive.read_bytes())
    content[40] ^= 0xFF
    archive.write_bytes(content)
    assert compiled(archive, tmp_path / "made") == archive
    assert list((tmp_path / "made").iterdir()) == []


def test_a_compiled_archive_is_its_source(tmp_path: Path) -> None:
    archive = tmp_path / "job.zip"
    with zipfile.ZipFile(archive, "w") as sources:
        sources.writestr("good.py", "def fail():\n    raise ValueError('of good')\nVALUE = 7\n")
        sources.writestr("wrong.py", "def (:\n")
        sources.writestr("data.json", "{}")
    made = compiled(archive, tmp_path / "made")
    assert compiled(archive, tmp_path / "made") == made
    assert list((tmp_path / "made").iterdir()) == [made]
    script = (
        "import sys, traceback, pkgutil; sys.path.insert(0, sys.argv[1]); import good\n"
        "print(good.VALUE, good.__file__.endswith('good.pyc'), pkgutil.get_data('good', 'data.json'))\n"
        "try: import wrong\n"
        "except SyntaxError: print('wrong')\n"
        "try: good.fail()\n"
        "except ValueError: traceback.print_exc()"
    )
    done = subprocess.run([sys.executable, "-c", script, made], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["7 True b'{}'", "wrong"]
    assert "raise ValueError('of good')" in done.stderr  # a traceback still shows the source
    with zipfile.ZipFile(archive, "a") as sources:
        sources.writestr("more.py", "")
    assert compiled(archive, tmp_path / "made") != made
    plain = tmp_path / "library.py"
    plain.write_text("VALUE = 7")
    assert compiled(plain, tmp_path / "made") == plain
