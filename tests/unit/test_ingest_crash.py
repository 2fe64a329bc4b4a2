"""A crash at any call to AWS, before or after its effect, followed by the queue's retry, leaves what an
undisturbed run leaves.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from shared.ingestion import BusyError
from shared.ingestion import ingest as ingest_module
from tests.support.ingest_rig import GOOD, InjectedError, Rig, rig

FILES = {
    "accepted": ("a.json", GOOD),
    "quarantined": ("bad.gz", b"\x1f\x8b"),
    "duplicate": ("again.json", GOOD),
    "marker": ("folder/", b""),
}


def settled(lake: Rig) -> Any:
    """The state without version ids, which the emulation draws anew."""
    files, bronze, quarantine = lake.state()
    told = {
        (
            f.key,
            f.status,
            f.reason,
            f.sha256,
            f.target_key,
            f.records,
            f.event_dates,
            f.ingested_at,
            (f.duplicate_of or "").split("@")[0],
        )
        for f in files
    }
    aside = {re.sub("-[0-9a-f]{12}", "-<version>", key): content for key, content in quarantine.items()}
    assert len(aside) == len(quarantine)
    reasons = {k: v for k, v in aside.items() if not k.endswith(".reason.json")}
    return told, len(files), bronze, reasons, set(aside)


def run(faults: tuple[int, str, bool] | None = None) -> tuple[Any, bool, list[str]]:
    """Delivers all files, each again until it succeeds.

    Gives what was left behind, whether the fault struck, and the calls.
    """
    with rig() as lake:
        bodies = [lake.drop(f"shop/events/{name}", content) for name, content in FILES.values()]
        if faults:
            lake.faults.arm(*faults)
        lake.faults.calls.clear()
        struck = False
        for i, body in enumerate(bodies):
            try:
                lake.deliver(body, f"message-{i}")
            except (InjectedError, BusyError):
                struck = True
                lake.faults.at = 0
        calls = list(lake.faults.calls)
        for i, body in enumerate(bodies):
            lake.deliver(body, f"message-{i}")
        return settled(lake), struck, calls


@pytest.mark.parametrize("dead", [False, True], ids=["one call fails", "the process dies"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_at_any_call_and_a_retry_give_the_same_result(when: str, dead: bool):
    undisturbed, _, calls = run()
    assert {s for _, s, *_ in undisturbed[0]} == {"accepted", "quarantined", "duplicate"}
    assert len(calls) > 15
    struck = 0
    for at in range(1, len(calls) + 1):
        result, happened, _ = run((at, when, dead))
        struck += happened
        assert _without_order(result) == _without_order(undisturbed), calls[at - 1]
    assert struck > len(calls) * 0.8


def _without_order(result: Any) -> Any:
    """After a crash the second of two equal files may be the first to come through, and is the accepted one.

    Nothing else changes.
    """
    told, number, bronze, reasons, quarantined = result
    outcomes = sorted((s, r or "", h or "", n, d) for _, s, r, h, _, n, d, *_ in told)
    accepted = {target for _, s, _, _, target, *_ in told if s == "accepted"}
    assert set(bronze) == accepted
    return outcomes, number, sorted(bronze.values()), reasons, quarantined


def test_a_failed_call_gives_the_claim_back():
    with rig() as lake:
        body = lake.drop("shop/events/a.json", GOOD)
        lake.deliver(lake.drop("shop/events/b.json", b""))
        calls = ["PutItem", "GetObject", "PutItem", "HeadObject", "CopyObject", "PutItem"]
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
    """Stands for the end of the process: nothing is given back afterwards."""


def test_a_file_that_ends_its_reader_has_an_outcome_before_the_queue_gives_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def die(*_: object, **__: object) -> None:
        raise DiedError

    with rig() as lake:
        body, other = lake.drop("shop/events/deadly.json", GOOD), lake.drop("shop/events/good.json", GOOD)
        with monkeypatch.context() as deadly:
            deadly.setattr(ingest_module, "judgement", die)
            deadly.setattr(type(lake.ledger), "release", lambda *_: None)
            for _ in range(3):
                with pytest.raises(DiedError):
                    lake.deliver(body, "message")
            [outcome] = lake.deliver(body, "message")  # the fourth of five deliveries
        assert outcome is not None
        assert (outcome.status, outcome.reason) == ("quarantined", "ends_its_reader")
        assert outcome.detail == "3 workers ended while they read it"
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
