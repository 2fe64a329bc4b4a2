"""A port may be taken between its choice and its use."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from local.aws import process


def test_the_emulation_takes_another_port_where_its_own_was_taken_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, choose = tmp_path / "aws", process._port
    with socket.create_server(("127.0.0.1", 0)) as other:
        chosen = iter([other.getsockname()[1]])
        monkeypatch.setattr(process, "_port", lambda state: next(chosen, None) or choose(state))
        try:
            started = process.start(state)
            assert started.port != other.getsockname()[1]
            assert process.running(state) == started
        finally:
            process.reset(state)
