"""Unit tests talk to moto inside this process, never to an emulation that another test started."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clock import Clock


@pytest.fixture(autouse=True)
def _no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """For code that makes its own clients: moto asks for credentials and accepts any."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """By which the ledger waits for a busy table, ten seconds at a time at most."""
    made = Clock(now=1_000.0)
    monkeypatch.setattr("shared.ledger.table.time", made)
    yield made
    assert all(0 < seconds <= 10 for seconds in made.waits)
