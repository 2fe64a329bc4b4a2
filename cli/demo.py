"""The product once from end to end, on this laptop: samples in, tables out, compared with
what must come out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import drops, runs
from cli.counted_files import counted_files
from cli.results import Results, differences, results_of
from domains.samples import Size, sample_of
from local import laptop
from local.aws import process
from local.console import progress, say, spinner
from local.errors import LakeError
from local.session import DEMO, Session
from shared.ledger.counters import PENDING
from shared.ledger.model import FileStatus

COMPARED = ("files", "file_reasons", "rows", "quarantine", "tables")
STALL_SECONDS = 120.0


@dataclass(frozen=True)
class Sample:
    """What to generate and where."""

    domain: str
    size: Size
    seed: int
    folder: Path


@dataclass
class Stopwatch:
    """Wall seconds of each stage, in the order in which they ended."""

    seconds: dict[str, float] = field(default_factory=dict)

    def record(self, stage: str, began: float) -> None:
        """Notes and shows how long a stage took that began at this time of the monotonic clock."""
        self.seconds[stage] = time.monotonic() - began
        say(f"{stage:<12}{self.seconds[stage]:6.1f} s")


@dataclass(frozen=True)
class Report:
    """What the lakehouse holds after the demo, how long it took, and where it is not what it must be."""

    results: Results
    seconds: dict[str, float]
    differences: tuple[str, ...]


def run(sample: Sample) -> Report:
    """Everything; raises LakeError when a stage fails."""
    watch, began = Stopwatch(), time.monotonic()
    session = _prepare(sample, watch)
    plan = drops.planned([sample.folder / "raw"], None, None)
    _drop(session, plan, watch)
    _ingest(session, sample.domain, plan, watch)
    _run_pipeline(session, sample.domain, watch)
    collecting = time.monotonic()
    results = results_of(session, sample.domain)
    watch.record("results", collecting)
    watch.record("total", began)
    expected = json.loads((sample.folder / "expected.json").read_text())
    return Report(results, watch.seconds, compared(expected, results))


def compared(expected: dict[str, Any], actual: Results) -> tuple[str, ...]:
    """Differences in counts, and in every report that is expected."""
    document = actual.document({})
    sections = [*COMPARED, *(name for name in actual.headlines if name in expected)]
    return tuple(d for name in sections for d in differences(expected[name], document[name], name))


def _prepare(sample: Sample, watch: Stopwatch) -> Session:
    """Samples and the demo's lake side by side; it starts empty."""

    def generate() -> None:
        began = time.monotonic()
        sample_of(sample.domain).write(sample.size, sample.seed, sample.folder, progress=False)
        watch.record("generate", began)

    with progress("generating samples, provisioning", None), ThreadPoolExecutor(1) as pool:
        samples, began = pool.submit(generate), time.monotonic()
        process.reset(DEMO)
        session = laptop.provision(state=DEMO)
        watch.record("provision", began)
        samples.result()
    return session


def _drop(session: Session, plan: Sequence[drops.Drop], watch: Stopwatch) -> None:
    began = time.monotonic()
    with progress("dropping files", len(plan)) as advance:
        drops.upload(session, plan, advance)
    watch.record("drop", began)


def _ingest(session: Session, domain: str, plan: Sequence[drops.Drop], watch: Stopwatch) -> None:
    began = time.monotonic()
    wait_for_outcomes(session, domain, {d.key for d in plan})
    watch.record("ingest", began)


def wait_for_outcomes(session: Session, domain: str, keys: set[str]) -> None:
    """Waits until the ledger holds an outcome for every key.

    Raises LakeError when nothing moves for two minutes.
    """
    moved, before, looked = time.monotonic(), 0, -1
    with progress("ingesting files", len(keys)) as advance:
        while True:
            number = _outcomes(session, domain)
            advance(min(number, len(keys)))
            # The files themselves are read only when there may be enough of them.
            if number >= len(keys) and number != looked:
                looked = number
                if not keys - _finished(session, domain):
                    return
            if number > before:
                moved, before = time.monotonic(), number
            if time.monotonic() - moved > STALL_SECONDS:
                raise LakeError(
                    _stalled(session, keys - _finished(session, domain)),
                    "look into that log, then ./lake demo",
                )
            time.sleep(0.5)


def _outcomes(session: Session, domain: str) -> int:
    """How many files of a domain are deferred or have an outcome, whatever files these are."""
    counts = counted_files(session, domain, session.ledger.places()).by_dataset.values()
    return sum(n for c in counts for status, n in c.items() if status not in (FileStatus.CLAIMED, PENDING))


def _finished(session: Session, domain: str) -> set[str]:
    return {f.key for f in session.ledger.files(domain) if f.status is not FileStatus.CLAIMED}


def _stalled(session: Session, missing: set[str]) -> str:
    shown, log = "\n  ".join(sorted(missing)[:5]), (session.state or DEMO) / process.LOG
    errors = [
        line
        for line in log.read_text(errors="replace").splitlines()
        if "ESM: Lambda" in line and "failed" in line
    ]
    last = f"\nThe function's last error: {errors[-1]}" if errors else ""
    return (
        f"{len(missing)} files got no outcome within {STALL_SECONDS:.0f} s, among them:\n  {shown}{last}\nThe"
        f" function's log is in {log}"
    )


def _run_pipeline(session: Session, domain: str, watch: Stopwatch) -> None:
    began = time.monotonic()
    run_id = runs.start(session, domain, {})
    with spinner(f"run {run_id}") as show:
        outcome = runs.follow(session, domain, run_id, show, runs.tell)
    watch.record("pipeline", began)
    if not outcome.succeeded:
        raise LakeError(str(outcome), f"./lake up --demo, then ./lake status {domain} --demo")
