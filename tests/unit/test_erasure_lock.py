"""While people leave a domain no run owns it, and an erasure never takes it from one that goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from cli.erasure import lock as module
from cli.erasure.lock import DomainLock
from cli.erasure.objects import ErasureError
from tests.support.ingest_rig import Rig, rig

RUN = "run-1"


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def owned(lake: Rig) -> None:
    """As the state machine writes it."""
    assert lake.ledger._put(
        {"pk": "lock#shop", "sk": "lock", "run_id": RUN}, "attribute_not_exists(pk)", {}, {}
    )


def test_a_run_that_goes_on_keeps_its_domain(lake: Rig) -> None:
    owned(lake)
    lock = DomainLock(lake.ledger, "shop", "e1", lambda run: run == RUN)
    with pytest.raises(ErasureError, match="run run-1 owns shop"), lock.held():
        raise AssertionError("the domain is not held")
    assert lake.ledger.lock_owner("shop") == RUN


def test_the_lock_of_a_dead_run_is_taken_over_and_given_back(lake: Rig) -> None:
    owned(lake)
    with DomainLock(lake.ledger, "shop", "e1", lambda _: False).held():
        assert lake.ledger.held_for("shop") == "e1"
    assert lake.ledger.lock_owner("shop") is None


def test_whoever_loses_the_domain_stops(lake: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = DomainLock(lake.ledger, "shop", "e1", lambda _: True)
    with lock.held():
        lake.ledger.release_lock("shop", "e1")
        owned(lake)
        lock.prolong()  # not asked again at once
        late = time.monotonic() + module.PROLONGED_SECONDS + 1
        monkeypatch.setattr(module.time, "monotonic", lambda: late)
        with pytest.raises(ErasureError, match="run run-1 owns shop"):
            lock.prolong()
    assert lake.ledger.lock_owner("shop") == RUN
