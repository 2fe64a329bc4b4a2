"""A console of a lake that never is as it was at the last look: run by test_memory.py in a process of its own."""

from __future__ import annotations

import datetime as dt
import itertools
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from cli.console import answer_view, server
from cli.console.asked import Asked
from cli.console.lake import Lake
from cli.console.pages import quality, run, runs
from cli.run_view import RunView
from cli.runs import Execution, Step
from local.athena import Answer
from shared.ledger.model import RowCounts, RunResult

RUNS, STEPS = 10, 20
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
looks = itertools.count(1)


class Changing(Lake):
    """`seconds` between two looks as short as a test needs it."""

    def answer(self, question: Callable[[Any], Any]) -> Any:
        return question(None)

    @property
    def seconds(self) -> float:
        return 0.01


def results(number: int) -> tuple[RunResult, ...]:
    metrics = {f"null_rate_column_{n}": (number + n) % 100 / 100 for n in range(30)}
    counts = RowCounts(number + 10, number, 5, 3, 2)
    reasons = {"invalid_value": number}
    return tuple(
        RunResult("shop", f"run-{number}", dataset, counts, reasons, metrics, files=1)
        for dataset in ("events", "users", "transactions")
    )


def executions(number: int) -> list[Execution]:
    return [Execution(f"run-{number - n}", "SUCCEEDED", NOW, NOW) for n in range(RUNS)]


def found(*_: Any) -> quality.Found:
    number = next(looks)
    listed = [(each, results(number - n)) for n, each in enumerate(executions(number))]
    return quality.Found(listed, listed[0])


def listed(*_: Any) -> list[runs.Listed]:
    number = next(looks)
    return [(each, RowCounts(number, number)) for each in executions(number)]


def viewed(*_: Any) -> RunView:
    number = next(looks)
    steps = [Step(f"State{n}", NOW, float(number)) for n in range(STEPS)]
    return RunView(Execution(f"run-{number}", "RUNNING", NOW), {}, tuple(steps), results(number))


def answer_anew(lake: Lake) -> None:
    """Somebody asks again and again."""
    for number in itertools.count():
        rows = [(f"2026-01-{n:02}", number + n, n) for n in range(1, 29)]
        answer = Answer(("date", "total_revenue", "gross_amount"), rows)
        lake.asked["query"] = Asked("shop", "select", seconds=1.0, answer=answer)
        time.sleep(answer_view.LOOK_SECONDS)


if __name__ == "__main__":
    quality._runs, quality._volumes = found, lambda *_: []  # type: ignore[assignment]
    runs._newest, run.run_view = listed, viewed  # type: ignore[assignment]
    lake = Changing("dev", False, " --env dev")
    threading.Thread(target=answer_anew, args=(lake,), daemon=True).start()
    server.serve(lake, int(sys.argv[1]), sys.argv[2])
