"""The laptop's lake: forgotten as a whole or not at all, and never older than what is on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local import laptop, session
from local.aws import process
from shared.project import VARIABLE


def test_the_demo_has_a_lake_of_its_own() -> None:
    assert session.DEMO != session.STATE
    assert not session.DEMO.is_relative_to(session.STATE)
    assert not session.STATE.is_relative_to(session.DEMO)


class TestReset:
    def test_an_interrupted_one_has_forgotten_all_and_the_next_clears_up(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        state = tmp_path / "aws"
        (state / "s3").mkdir(parents=True)
        with monkeypatch.context() as interrupting:
            interrupting.setattr(shutil, "rmtree", _interrupt)
            with pytest.raises(KeyboardInterrupt):
                process.reset(state)
        assert not state.exists()
        assert [p.name.startswith("aws.forgotten-") for p in tmp_path.iterdir()] == [True]
        (state / "s3").mkdir(parents=True)
        process.reset(state)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("own", [True, False])
    def test_only_its_own_emulation_is_ended_with_or_without_ps(
        self, own: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The number that a folder notes may be another project's emulation's by now."""
        monkeypatch.setenv("PATH", str(tmp_path))
        state = tmp_path / "aws"
        state.mkdir()
        served = state if own else tmp_path / "other" / "aws"
        words = ["-m", process.SERVER, "--state", str(served), "--port", "1"]
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *words]) as other:
            process.note(process.Emulation(state, 1, other.pid))
            monkeypatch.setitem(process._children, other.pid, other)
            process.reset(state)
            assert (other.poll() is not None) == own
            other.kill()

    def test_the_lake_beside_it_stays(self, tmp_path: Path) -> None:
        for name in ("aws", "aws2"):
            (tmp_path / name).mkdir()
        process.reset(tmp_path / "aws")
        assert [p.name for p in tmp_path.iterdir()] == ["aws2"]


def _interrupt(path: Path) -> None:
    raise KeyboardInterrupt


def test_another_process_with_the_number_of_an_emulation_is_not_taken_for_it(tmp_path: Path) -> None:
    """After a restart of the machine anything may have the number: it is neither waited for nor ended."""
    process.note(process.Emulation(tmp_path, 1, os.getpid()))
    assert not process.stop(tmp_path)
    (tmp_path / process.UNSAVED).touch()
    with pytest.raises(process.EmulationError, match="killed before it could save"):
        process.start(tmp_path)


def test_a_lake_is_current_until_a_file_of_the_project_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    (tmp_path / "domains" / "shop").mkdir(parents=True)
    transforms, state = tmp_path / "domains" / "shop" / "transforms.py", tmp_path / "state"
    transforms.write_text("GOLD = {}")
    state.mkdir()
    assert not laptop.is_current(state)
    laptop.note_deployed(state, laptop.inputs_of(warehouse=True, lineage="http://127.0.0.1:5000/"))
    assert laptop.is_current(state)
    transforms.write_text("GOLD = {'daily': daily}")
    assert not laptop.is_current(state)
