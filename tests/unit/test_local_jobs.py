"""Local Glue runs: settings, error lines and jar checksums."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import spark, synth
from local.aws import process
from local.aws.job_process import JobCommand, last_error
from local.aws.jvm import JvmError, Jvms
from local.toolchain import ToolchainError, locked, verify


def test_a_jobs_conf_holds_several_settings() -> None:
    assert spark.job_conf("a.b=1 --conf c=x=y  --conf d=e f") == {"a.b": "1", "c": "x=y", "d": "e f"}
    assert spark.job_conf("") == {}
    with pytest.raises(spark.SettingError, match="name=value"):
        spark.job_conf("a=1 --conf nonsense")


def test_the_jobs_settings_win_over_presets_and_the_address_over_the_job(tmp_path: Path) -> None:
    job = {
        spark.CATALOG: "C",
        "spark.sql.shuffle.partitions": "64",
        f"{spark.CATALOG}.s3.endpoint": "elsewhere",
    }
    found = spark.settings("http://127.0.0.1:1", job, tmp_path)
    assert found["spark.sql.shuffle.partitions"] == "64"
    assert found[f"{spark.CATALOG}.s3.endpoint"] == "http://127.0.0.1:1"
    assert f"{spark.CATALOG}.type" not in found  # the job configures its catalog itself
    assert not found.keys() & spark.jvm_settings().keys()  # those hold for every job of a JVM


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        (
            "Traceback (most recent call last):\n  File\nRuntimeError: bad row count\n",
            "RuntimeError: bad row count",
        ),
        (
            "py4j.protocol.Py4JJavaError: An error occurred\n: java.lang.IllegalStateException: x\n\tat y",
            "py4j.protocol.Py4JJavaError: An error occurred: java.lang.IllegalStateException: x",
        ),
        ("usage: job.py\njob.py: error: the following arguments are required: --domain", None),
        ("", "the job ended with code 3 and said nothing"),
    ],
)
def test_the_last_error_is_the_message(stderr: str, said: str | None) -> None:
    assert last_error(stderr, 3) == (said or stderr.splitlines()[-1])


def test_a_script_gets_all_arguments_of_glue() -> None:
    command = JobCommand(
        "j", "jr_1", "s3://b/s.py", {"--domain": "shop", "--TempDir": "s3://b/tmp"}, 1, Path()
    )
    assert command.argv == [
        "--domain",
        "shop",
        "--TempDir",
        "s3://b/tmp",
        "--JOB_NAME",
        "j",
        "--JOB_RUN_ID",
        "jr_1",
        "--JOB_ID",
        "j_1",
    ]


def test_a_changed_jar_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_bytes(b"not the jar")
    with pytest.raises(ToolchainError, match="expected sha256"):
        verify(tmp_path, {"a.jar": "0" * 64})
    assert all(len(digest) == 64 for digest in locked().values())


def test_the_assembly_is_made_again_when_an_input_changes(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "a.py").write_text("1")
    before = synth.inputs_hash(tmp_path, tmp_path)
    (tmp_path / "stacks" / "__pycache__").mkdir()
    (tmp_path / "stacks" / "__pycache__" / "a.pyc").write_text("compiled")
    assert synth.inputs_hash(tmp_path, tmp_path) == before
    (tmp_path / "stacks" / "a.py").write_text("2")
    after = synth.inputs_hash(tmp_path, tmp_path)
    assert after != before
    (tmp_path / "environments.toml").write_text("[dev]")
    assert synth.inputs_hash(tmp_path, tmp_path) != after


def test_assemblies_in_use_are_kept_and_half_made_ones_are_nobody_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one is made, another process makes the same: both go on with the one that was there first."""
    home = tmp_path / "cdk"
    (home / "of-another-process").mkdir(parents=True)
    (home / "abandoned").mkdir()
    os.utime(home / "abandoned", (0, 0))
    monkeypatch.setattr(synth, "HOME", tmp_path)
    monkeypatch.setattr(synth, "inputs_hash", lambda *_: "0123456789abcdef")
    made = home / "0123456789abcdef-dev"
    writes = "import json, pathlib, sys; out = pathlib.Path(json.loads(sys.argv[1])[1]); (out / 'manifest.json').write_text(str(out))"
    races = (
        f"made = pathlib.Path({str(made)!r}); made.mkdir(); (made / 'manifest.json').write_text('quicker')"
    )
    monkeypatch.setattr(synth, "_SYNTH", f"{writes}; {races}")
    assert synth.local_assembly("dev") == made
    assert (made / "manifest.json").read_text() == "quicker"
    monkeypatch.setattr(synth, "_SYNTH", writes)
    assert synth.local_assembly("dev") == made
    assert (made / "manifest.json").read_text() == "quicker"
    assert synth.local_assembly("dev", warehouse=True) == home / "0123456789abcdef-dev-warehouse"
    assert {p.name for p in home.iterdir()} == {"of-another-process", made.name, f"{made.name}-warehouse"}
    sent = synth.local_assembly("dev", lineage="http://127.0.0.1:5000/api/v1/lineage")
    assert sent != made
    assert sent.parent == home
    os.utime(made, (0, 0))
    synth.local_assembly("dev")
    assert made.stat().st_mtime > 0  # it is in use again


def test_an_emulation_that_is_slow_to_answer_runs(tmp_path: Path) -> None:
    """On a busy machine one was taken for gone after two seconds, and left behind."""
    server = (
        "import http.server, time\n"
        "class Slow(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        time.sleep(3); self.send_response(200); self.end_headers()\n"
        "    def log_message(self, *_): pass\n"
        "found = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Slow)\n"
        "print(found.server_address[1], flush=True); found.serve_forever()\n"
    )
    with subprocess.Popen([sys.executable, "-c", server], stdout=subprocess.PIPE, text=True) as slow:
        try:
            assert slow.stdout is not None
            port = int(slow.stdout.readline())
            (tmp_path / process.ADDRESS).write_text(json.dumps({"port": port, "pid": slow.pid}))
            assert process.running(tmp_path) == process.Emulation(tmp_path, port, slow.pid)
        finally:
            slow.kill()
    assert process.running(tmp_path) is None


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # PySpark leaves the pipe to it open
def test_a_jvm_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'no room for the heap' >&2\nexit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(JvmError, match="no room for the heap"):
        Jvms(tmp_path / "runs").take()
    gc.collect()
