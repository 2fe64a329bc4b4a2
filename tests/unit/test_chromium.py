"""The browser of the console's tests comes by apt where that may be done, and nowhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.chromium import chromium, install_chromium


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder with programs: an apt-get that notes what it is asked."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    program(tmp_path / "apt-get", f'echo "$*" >>{tmp_path}/calls')
    return tmp_path


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def calls(tools: Path) -> list[str]:
    file = tools / "calls"
    return file.read_text().splitlines() if file.exists() else []


def test_it_is_installed_once_by_root(tools: Path) -> None:
    install_chromium()
    assert calls(tools) == ["update", "install -y --no-install-recommends chromium"]
    program(tools / "chromium", "")
    install_chromium()
    assert len(calls(tools)) == 2
    assert chromium() == tools / "chromium"


def test_without_root_or_apt_nothing_happens(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    install_chromium()
    assert calls(tools) == []
    (tools / "apt-get").unlink()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    install_chromium()
    assert chromium() is None


def test_a_failure_of_apt_is_said_and_stops_nothing(tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program(tools / "apt-get", "echo no network >&2; exit 1")
    install_chromium()
    assert "what needs it is skipped; apt-get said:\nno network" in capsys.readouterr().err
