"""Spark's classes are recorded once, by one JVM, and used by those after it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local import class_archive
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
    assert options() == f"-XX:SharedArchiveFile={written.with_suffix('.jsa')}"
    assert sorted(p.name for p in jars.iterdir()) == [written.with_suffix(".jsa").name]


def test_an_archive_of_other_jars_is_removed(jars: Path) -> None:
    (jars / "classes-0123456789ab.jsa").write_bytes(b"old")
    assert options().startswith("-XX:ArchiveClassesAtExit=")
    assert not list(jars.iterdir())


def test_nothing_is_recorded_where_there_are_no_jars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(class_archive, "HOME", tmp_path)
    assert options() == ""
