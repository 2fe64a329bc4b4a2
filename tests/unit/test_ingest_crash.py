"""Claims of workers that fail, die or come back. What a fault at any call leaves: test_ingest_faults.py."""

from __future__ import annotations

import pytest

from shared.ingestion import BusyError
from shared.ingestion import ingest as ingest_module
from tests.support.ingest_rig import GOOD, InjectedError, rig


def test_a_failed_call_gives_the_claim_back():
    with rig() as lake:
        body = lake.drop("shop/events/a.json", GOOD)
        lake.deliver(lake.drop("shop/events/b.json", b""))
        calls = ["PutItem", "GetObject", "PutItem", "CopyObject", "PutItem"]
        lake.faults.arm(calls.index("CopyObject") + 1, "before", False)
        with pytest.raises(InjectedError, match="CopyObject"):
            lake.deliver(body, "first worker")
        lake.faults.at = 0
        assert lake.deliver(body, "second worker")[0].status == "accepted"  # type: ignore[union-attr]


def test_the_claim_of_a_dead_worker_holds_others_off_until_it_expires(monkeypatch: pytest.MonkeyPatch):
    with rig() as lake:
        body = lake.drop("shop/events/a.json", GOOD)
        lake.faults.arm(5, "before", True)  # the dataset's place takes three calls, the claim one
        with pytest.raises(InjectedError):
            lake.deliver(body, "dead worker")
        lake.faults.at = 0
        with pytest.raises(BusyError):
            lake.deliver(body, "second worker")
        import time

        later = time.time() + 901
        monkeypatch.setattr("shared.ledger.contents.time.time", lambda: later)
        assert lake.deliver(body, "second worker")[0].status == "accepted"  # type: ignore[union-attr]


class DiedError(BaseException):
    """Stands for the end of the process."""


def test_a_file_that_ends_its_reader_has_an_outcome_before_the_queue_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with rig() as lake:
        body, other = lake.drop("shop/events/deadly.json", GOOD), lake.drop("shop/events/good.json", GOOD)

        def die(*_: object, **__: object) -> None:
            lake.faults.arm(1, "before", dead=True)  # nothing is given back afterwards
            raise DiedError

        with monkeypatch.context() as deadly:
            deadly.setattr(ingest_module, "judgement", die)
            for _ in range(3):
                with pytest.raises(InjectedError):
                    lake.deliver(body, "message")
                lake.faults.at = 0
            [outcome] = lake.deliver(body, "message")  # the fourth of five deliveries
        assert outcome is not None
        assert (outcome.status, outcome.reason) == ("quarantined", "ends_its_reader")
        assert outcome.detail == "3 workers ended that had it, 2 of them while they read it"
        _, _, quarantine = lake.state()
        assert GOOD in quarantine.values()
        [good] = lake.deliver(other, "another")
        assert good is not None
        assert good.status == "accepted"  # its content was never brought by the other


def test_claims_that_were_given_back_are_no_deaths(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("S3 is out of reach")

    with rig() as lake:
        body = lake.drop("shop/events/a.json", GOOD)
        with monkeypatch.context() as failing:
            failing.setattr(ingest_module, "judgement", fail)
            for _ in range(6):
                with pytest.raises(ConnectionError):
                    lake.deliver(body, "message")
        [outcome] = lake.deliver(body, "message")
        assert outcome is not None
        assert outcome.status == "accepted"
