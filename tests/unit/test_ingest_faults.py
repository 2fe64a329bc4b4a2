"""A fault at any call of ingestion, and the retries of AWS, leave what an undisturbed run leaves: ledger,
bronze, quarantine and raw, item by item and byte by byte.
"""

from __future__ import annotations

import gzip
import io
import itertools
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from tests.support.deliveries import (
    MAX_RECEIVES,
    Drops,
    Injection,
    Undisturbed,
    World,
    disturbed,
    undisturbed,
    world,
)
from tests.support.faults import Kind
from tests.support.figures import Noted
from tests.support.ingest_rig import GOOD

PROMISE = "Faults: nothing lost, doubled or stuck"
USER = b"user_id,name,updated_at\nu%d,Ada,2024-03-01T10:00:00Z\n"
LINE = '{"timestamp":"2024-11-%dT10:00:%02dZ","ip":"10.0.0.1","request_type":"GET","status":200,"endpoint":"/"}\n'


def lines(day: int, number: int) -> bytes:
    return "".join(LINE % (day, n) for n in range(number)).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name, (2024, 3, 1, 0, 0, 0)), content)
    return file.getvalue()


@dataclass(frozen=True)
class Scenario:
    """Files, and whether the function leaves those above 100 bytes to the bronze job."""

    drops: Drops
    defers: bool = False


SCENARIOS = {
    "outcomes": Scenario(
        (
            ("shop/events/a.json", GOOD),
            ("shop/events/bad.gz", b"\x1f\x8b"),
            ("shop/events/again.json", GOOD),
            ("shop/events/folder/", b""),
            ("nowhere/a.json", GOOD),
        )
    ),
    "packages": Scenario(
        (
            (
                "shop/users/day.zip",
                zipped({"a.csv": USER % 1, "bad.csv": b"x,y\n1,2\n", "half.part": b"u", "b.csv": USER % 2}),
            ),
            ("shop/users/again.csv", USER % 2),
        )
    ),
    "archived": Scenario(
        (
            ("web/ndjson/a.ndjson", lines(29, 3)),
            ("web/json_gzip/cut.json.gz", gzip.compress(b"[]", mtime=0)[:-4]),
        )
    ),
    "corrections": Scenario(
        (
            ("web/ndjson/a.ndjson", lines(30, 20)),
            ("web/ndjson/a.ndjson", lines(29, 10)),
            ("web/ndjson/b.ndjson", lines(30, 20)),
        )
    ),
    "copies": Scenario(
        (
            ("web/ndjson/a.ndjson", lines(30, 20)),
            ("web/ndjson/copy.ndjson", lines(30, 20)),
            ("web/ndjson/a.ndjson", lines(29, 10)),
        )
    ),
    "deferred": Scenario(
        (
            ("shop/events/large.json", GOOD),
            ("shop/events/again.json", GOOD),
            ("web/ndjson/large.ndjson", lines(29, 5)),
            ("web/ndjson/torn.ndjson", b"\xff\xfe\x00" * 50),
        ),
        defers=True,
    ),
}


@cache
def expected(name: str) -> Undisturbed:
    scenario = SCENARIOS[name]
    with pytest.MonkeyPatch.context() as patch:
        return undisturbed(patch, scenario.drops, defers=scenario.defers)


def injections(name: str) -> Iterator[Injection]:
    """Every kind at every call; processes that end in four deliveries one after the other, or by clocks that
    are ten minutes wrong; deletions from the queue that are lost.
    """
    calls = expected(name).calls
    for number in range(1, len(SCENARIOS[name].drops) + 1):
        yield Injection(number, None)
    for at, kind in itertools.product(range(1, calls + 1), Kind):
        yield Injection(at, kind)
    for at, kind in itertools.product(range(1, calls + 1), (Kind.DEAD_BEFORE, Kind.DEAD_AFTER)):
        yield Injection(at, kind, lives=MAX_RECEIVES - 1)
        yield Injection(at, kind, skews=(600.0, -600.0))
    for at, kind in itertools.product(range(1, expected(name).calls_of_job + 1), Kind):
        if SCENARIOS[name].defers and kind is not Kind.OVERTAKEN:  # a domain has one run of a job at a time
            yield Injection(at, kind, in_job=True)


def inject(name: str, chosen: Iterator[Injection], patch: pytest.MonkeyPatch) -> tuple[int, list[str]]:
    """How many faults struck, and after which of them something else was left."""
    scenario, struck, wrong = SCENARIOS[name], 0, []
    for injection in chosen:
        state, made = disturbed(patch, scenario.drops, injection, defers=scenario.defers)
        struck += bool(made.faults.struck)
        as_expected = any(same(state, e) for e in expected(name).states)
        if made.dead_letters or not (as_expected or given_up(state, made)):
            wrong.append(f"{injection}: {len(made.dead_letters)} dead letters")
    return struck, wrong


def same(state: Any, undisturbed: Any) -> bool:
    """A late worker may note a copy that nobody needs any more, of a content that the key once had."""
    ledger, *objects = state
    more = [item for key, item in ledger.items() if key not in undisturbed[0]]
    had = {(i["key"], i["sha256"]) for i in ledger.values() if "sha256" in i}
    true_notes = [
        i for i in more if i["sk"].startswith("copy#") and (i["key"], i["pk"].rpartition("/")[2]) in had
    ]
    noted = {(i["pk"], i["sk"]) for i in true_notes}
    return ({k: v for k, v in ledger.items() if k not in noted}, *objects) == undisturbed


def given_up(state: Any, made: World) -> bool:
    """Whether a file took its readers with it, as far as anybody can tell: the mark of a reading stood when
    two of them ended.
    """
    while_reading = [call for call in made.faults.struck[1:] if call in ("GetObject", "UpdateItem")]
    reasons = [item.get("reason") for item in state[0].values()]
    return len(while_reading) >= 2 and reasons.count("ends_its_reader") == 1


def test_workers_that_end_while_they_copy_a_file_do_not_condemn_it(monkeypatch: pytest.MonkeyPatch):
    with world(monkeypatch) as made:
        messages = made.drop([("shop/events/a.json", GOOD)])
        made.faults.arm("CopyObject", Kind.DEAD_BEFORE, lives=4)
        made.drain(messages)
        assert made.faults.struck == ["CopyObject"] * 4
        assert [f.status for f in made.lake.ledger.files()] == ["accepted"]


@pytest.mark.parametrize("name", SCENARIOS)
def test_some_faults_leave_what_an_undisturbed_run_leaves(name: str, monkeypatch: pytest.MonkeyPatch):
    every = list(injections(name))
    struck, wrong = inject(name, iter(every[:: len(every) // 8]), monkeypatch)
    assert wrong == []
    assert struck >= 5


def delivered(name: str, order: Sequence[int], times: int, patch: pytest.MonkeyPatch) -> Any:
    """What is left when the messages come in an order; `times`: each so often before a run of silver, and once
    more after it, every time as another message.
    """
    scenario = SCENARIOS[name]
    with world(patch, defers=scenario.defers) as made:
        messages = made.drop(scenario.drops)
        made.drain([replace(messages[n], id=f"{n}-{time}") for time in range(times) for n in order])
        made.job_runs()
        made.silver()
        made.run_id = "run-2"
        if times > 1:
            made.drain([replace(messages[n], id=f"{n}-late") for n in order])
            made.job_runs()
        assert made.dead_letters == []
        return made.state()


def doubled(name: str, orders: Iterable[Sequence[int]], patch: pytest.MonkeyPatch) -> int:
    """How many messages came again, and changed nothing."""
    messages = 0
    for order in orders:
        assert delivered(name, order, 2, patch) == delivered(name, order, 1, patch), order
        messages += 2 * len(order)
    return messages


def test_messages_in_reverse_order_and_again_are_as_once(monkeypatch: pytest.MonkeyPatch):
    assert doubled("corrections", [(2, 1, 0)], monkeypatch) == 6


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_messages_in_any_order_and_again_are_as_once(
    name: str, monkeypatch: pytest.MonkeyPatch, figures: Noted
):
    orders = list(itertools.permutations(range(len(SCENARIOS[name].drops))))
    messages = doubled(name, orders[:24], monkeypatch)
    figures(PROMISE, f"events in any order and twice: {name}", f"{messages} came again, 0 changed anything")


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_at_any_call_leaves_what_an_undisturbed_run_leaves(
    name: str, monkeypatch: pytest.MonkeyPatch, figures: Noted
):
    struck, wrong = inject(name, injections(name), monkeypatch)
    assert wrong == []
    figures(PROMISE, f"every call of ingestion: {name}", f"{struck} struck, 0 left anything else")
