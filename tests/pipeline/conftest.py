"""One emulation for all tests of this folder: started once, empty, in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local import session, toolchain
from local.aws import process


@pytest.fixture(scope="session")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Emulation]:
    toolchain.jars()
    state = tmp_path_factory.mktemp("aws")
    yield process.start(state)
    process.stop(state)


@pytest.fixture(scope="session")
def aws(emulation: process.Emulation) -> session.Session:
    return session.laptop_session(emulation)
