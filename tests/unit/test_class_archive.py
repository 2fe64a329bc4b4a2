"""Spark's classes are recorded once, by one JVM, and used by those after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local import class_archive
from local.aws.jvm import Jvms
from local.class_archive import options


@pytest.fixture
def jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(class_archive, "HOME", tmp_path)
    (tmp_path / "jars").mkdir()
    return tmp_path / "jars"


def test_the_first_jvm_records_and_the_others_use_what_it_wrote(jars: Path) -> None:
    asked = options()
    assert asked.startswith("-XX:ArchiveClassesAtExit=")
    written = Path(asked.partition("=")[2])
    assert written.parent == jars
    written.write_bytes(b"classes")
    assert options() == ""  # it may still be written
    os.utime(written, (1, 1))
    archive = written.with_name(f"{written.name.partition('.')[0]}.jsa")
    assert options() == f"-XX:SharedArchiveFile={archive}"
    assert list(jars.iterdir()) == [archive]


def test_jvms_that_end_at_once_write_a_file_each_of_which_one_is_kept(jars: Path) -> None:
    written = [Path(options().partition("=")[2]) for _ in range(2)]
    assert written[0] != written[1]
    for path in written:
        path.write_bytes(b"classes")
        os.utime(path, (1, 1))
    archive = Path(options().removeprefix("-XX:SharedArchiveFile="))
    assert list(jars.iterdir()) == [archive]
    assert archive.read_bytes() == b"classes"


def test_an_archive_of_other_jars_is_removed(jars: Path) -> None:
    for name in ("classes-0123456789ab.jsa", "classes-0123456789ab.89abcdef.new"):
        (jars / name).write_bytes(b"old")
    assert options().startswith("-XX:ArchiveClassesAtExit=")
    assert not list(jars.iterdir())


def test_what_another_process_took_over_first_is_no_error(
    jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Path(options().partition("=")[2])
    monkeypatch.setattr(class_archive, "_written", lambda archive: [gone])
    assert options() == ""


def test_nothing_is_recorded_where_there_are_no_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_archive, "HOME", tmp_path)
    assert options() == ""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="it is read which files the JVM maps")
def test_the_jvm_of_jobs_records_when_nobody_needs_it_any_more_and_the_next_one_uses_it(
    jars: Path, tmp_path: Path
) -> None:
    jvms = Jvms(tmp_path / "runs")
    recording = jvms.take()
    jvms.give_back(recording)
    jvms.close()
    recording._gateway.proc.wait(60)
    [written] = jars.iterdir()
    os.utime(written, (1, 1))
    using = jvms.take()
    try:
        assert str(jars) in Path(f"/proc/{using._gateway.proc.pid}/maps").read_text("utf-8")
    finally:
        using.end()
