"""What takes longer than a look, in the console."""

from __future__ import annotations

import asyncio

import pytest

from cli.console.lake import Lake
from cli.console.work import BUG, Work, carry_out
from local.errors import LakeError
from local.session import Session


def test_what_succeeds_with_a_result_stays_until_somebody_takes_notice() -> None:
    lake = Lake(None, False, "")
    done = asyncio.run(carry_out(lake, "Starting", lambda work: work.tell("half of it ") or "/run"))
    assert (done.said, done.link, done.error, done.ended) == ("half of it", "/run", None, True)
    assert lake.works == [done]
    asyncio.run(carry_out(lake, "Dropping", lambda _: ""))
    assert lake.works == [done]


def test_what_fails_says_why_and_what_to_do() -> None:
    lake = Lake(None, False, "")

    def refused(_: Work) -> str:
        raise LakeError("the gate is closed", "accept it")

    def broken(_: Work) -> str:
        raise KeyError("nobody expected that")

    failed = asyncio.run(carry_out(lake, "Starting", refused))
    assert failed.error == ("the gate is closed", "accept it")
    with pytest.raises(KeyError):
        asyncio.run(carry_out(lake, "Starting", broken))
    assert [work.error for work in lake.works] == [failed.error, BUG]
    assert all(work.ended for work in lake.works)


def test_a_session_is_made_anew_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr("cli.console.lake.target_of", lambda *_, **__: made.append(1) or len(made))
    lake = Lake(None, False, "")

    def gone(_: Session) -> None:
        raise LakeError("the lake has stopped", "./lake up")

    assert [lake.answer(lambda s: s), lake.answer(lambda s: s)] == [1, 1]
    with pytest.raises(LakeError):
        lake.answer(gone)
    assert lake.answer(lambda s: s) == 2
