"""The product once from end to end, on this laptop: samples in, tables out, compared with
what must come out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import drops, results, runs
from domains.samples import Size, sample_of
from local import laptop
from local.aws import process
from local.console import progress, say
from local.errors import LakeError
from local.session import STATE, Session
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
    """Wall seconds of each stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - began
        say(f"{name:<12}{self.seconds[name]:6.1f} s")


@dataclass(frozen=True)
class Report:
    """What the demo found, how long it took, and where it is not what it must be."""

    found: results.Results
    seconds: dict[str, float]
    differences: tuple[str, ...]


def run(sample: Sample) -> Report:
    """Everything; raises LakeError when a stage fails."""
    watch = Stopwatch()
    with watch.stage("total"):
        session = _prepare(sample, watch)
        with watch.stage("drop"):
            plan = drops.planned([sample.folder / "raw"], None, None)
            with progress("dropping files", len(plan)) as advance:
                drops.upload(session, plan, advance)
        with watch.stage("ingest"):
            wait_for_outcomes(session, sample.domain, {d.key for d in plan})
        with watch.stage("pipeline"):
            outcome = _pipeline(session, sample.domain)
        if not outcome.succeeded:
            raise LakeError(str(outcome))
        with watch.stage("results"):
            found = results.collect(session, sample.domain)
    return Report(
        found, watch.seconds, compared(json.loads((sample.folder / "expected.json").read_text()), found)
    )


def compared(expected: dict[str, Any], actual: results.Results) -> tuple[str, ...]:
    """Differences in counts, and in every report that is expected."""
    document = actual.document({})
    sections = [*COMPARED, *(name for name in actual.headlines if name in expected)]
    return tuple(d for name in sections for d in results.differences(expected[name], document[name], name))


def _prepare(sample: Sample, watch: Stopwatch) -> Session:
    """Samples and lakehouse side by side; the emulation starts empty."""

    def generate() -> None:
        with watch.stage("generate"):
            sample_of(sample.domain).made(sample.size, sample.seed, sample.folder, progress=False)

    with progress("generating samples, provisioning", None), ThreadPoolExecutor(1) as pool:
        samples = pool.submit(generate)
        with watch.stage("provision"):
            process.reset(STATE)
            session = laptop.provision()
        samples.result()
    return session


def wait_for_outcomes(session: Session, domain: str, keys: set[str]) -> None:
    """Waits until the ledger holds an outcome for every key.

    Raises LakeError when nothing moves for two minutes.
    """
    moved, before = time.monotonic(), 0
    with progress("ingesting files", len(keys)) as advance:
        while True:
            finished = {
                f.key for f in session.ledger.files(domain) if f.status is not FileStatus.CLAIMED
            } & keys
            advance(len(finished))
            if finished == keys:
                return
            if len(finished) > before:
                moved, before = time.monotonic(), len(finished)
            if time.monotonic() - moved > STALL_SECONDS:
                raise LakeError(_stalled(session, keys - finished))
            time.sleep(0.5)


def _stalled(session: Session, missing: set[str]) -> str:
    shown, log = "\n  ".join(sorted(missing)[:5]), (session.state or STATE) / process.LOG
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


def _pipeline(session: Session, domain: str) -> runs.Outcome:
    run_id = runs.start(session, domain, {})
    began = time.monotonic()
    with progress(f"run {run_id}", None):
        return runs.follow(
            session, domain, run_id, lambda state: say(f"  {time.monotonic() - began:6.1f} s  {state}")
        )
