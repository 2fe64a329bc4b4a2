"""Unit tests talk to moto inside this process, never to an emulation that another test started."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _no_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
