"""An error at any task of a run's state machine, before or after its effect, and Step Functions' retry, a redrive or
the next run leave what an undisturbed run leaves: nothing pending, gold and warehouse as silver, no lock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from local.settings import ROOT
from tests.support.figures import Noted
from tests.support.machine import Execution, Services, TaskError

PROMISE = "Faults: nothing lost, doubled or stuck"
FATAL = "States.Timeout"  # no state retries it
FILES = {"a", "b"}
LEFT = {
    "waiting": set(),
    "silver": FILES,
    "gold": FILES,
    "warehouse": {"days": FILES, "users": FILES},
    "notes": set(),
}


@cache
def definition() -> Any:
    text = (ROOT / "stacks" / "pipelines" / "domain.asl.json").read_text("utf-8")
    return json.loads(text.replace("${Partition}", "aws"))


@dataclass(frozen=True)
class Fault:
    """An error at a task, counted from 1, so many times; and what follows where the run fails of it."""

    task: int
    error: str
    before: bool
    times: int
    then: str


def services() -> Services:
    return Services(pending={"a"}, deferred={"b"})


def left(found: Services) -> dict[str, Any]:
    return {
        "waiting": found.pending | found.deferred | found.changed,
        "silver": found.silver,
        "gold": found.gold,
        "warehouse": {table: set(rows) for table, rows in found.warehouse.items()},
        "notes": {key for key in found.ledger if not key.startswith("run#")},
    }


@cache
def undisturbed() -> tuple[str, ...]:
    """The tasks of a run that has all to do."""
    run = Execution(definition(), services(), "one")
    assert run.run() == "SUCCEEDED"
    assert left(run.services) == LEFT
    assert run.services.published == ["${Domain}: findings of the quality gate"]
    return tuple(run.tasks)


def every_fault() -> Iterator[Fault]:
    for task, name in enumerate(undisturbed(), 1):
        for before in (True, False):
            for then in ("redrive", "next run"):
                yield Fault(task, FATAL, before, 1, then)
            for retry in definition()["States"][name].get("Retry", ()):
                for error in retry["ErrorEquals"]:
                    yield Fault(task, error, before, 1, "nothing")
                if before:  # after it, some of the repeated requests find what they did
                    error, times = retry["ErrorEquals"][0], retry["MaxAttempts"] + 1
                    yield Fault(task, error, before, times, "next run")


def disturbed(fault: Fault) -> Services:
    state, struck = undisturbed()[fault.task - 1], 0

    def strike(number: int, at: str, before: bool) -> None:
        nonlocal struck
        if number >= fault.task and at == state and before == fault.before and struck < fault.times:
            struck += 1
            raise TaskError(fault.error)

    run = Execution(definition(), services(), "one", strike)
    status = run.run()
    assert struck == fault.times
    assert status == ("SUCCEEDED" if fault.then == "nothing" else "FAILED"), fault
    if fault.then == "redrive":
        assert run.run() == "SUCCEEDED", fault
    if fault.then == "next run":
        assert Execution(definition(), run.services, "two").run() == "SUCCEEDED", fault
    else:  # a run that failed is told by its failure
        assert run.services.published, fault
    return run.services


def test_an_error_at_any_task_leaves_what_an_undisturbed_run_leaves(figures: Noted):
    faults = list(every_fault())
    assert len(faults) >= 250
    for fault in faults:
        assert left(disturbed(fault)) == LEFT, fault
    figures(
        PROMISE, "errors at every task of the state machine", f"{len(faults)} struck, 0 left anything else"
    )


def test_a_load_of_an_hour_and_a_half_is_looked_at_less_and_less_often():
    """An execution ends with an error at 25,000 events; a look has ten: three states entered and left, and
    four of the task.
    """
    run = Execution(definition(), services(), "one")
    run.services.looks = 180
    assert run.run() == "SUCCEEDED"
    assert left(run.services) == LEFT
    assert sum(run.waits) > 5000
    assert run.waits[:8] == [2, 3, 5, 8, 12, 18, 27, 30]
    assert max(run.waits) == 30
    assert len(run.waits) * 10 < 2_500


def maintained(retains: str) -> Execution:
    """A run of maintenance, while files wait."""
    found = json.loads(json.dumps(definition()).replace("${Retains}", retains))
    run = Execution(found, services(), "upkeep", request={"maintenance": True})
    assert run.run() == "SUCCEEDED"
    return run


def test_maintenance_goes_on_with_a_run_where_rows_are_kept_for_a_time():
    """They leave by it, from gold and the warehouse too, although no file came."""
    alone, followed = maintained("false"), maintained("true")
    assert left(alone.services)["waiting"] == FILES
    assert (left(followed.services), "Maintain" in followed.tasks) == (LEFT, True)
