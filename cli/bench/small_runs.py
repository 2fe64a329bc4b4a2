"""What many runs of one file each leave without maintenance, and what maintenance makes of it: `./lake bench
small_runs`.

These runs are calls of the job's own function on one Spark session, planned for few rows, so that thousands
take no night; what a run costs whose processes are its own is measured afterwards.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

from cli.bench._cpu import Cost, Watch
from cli.bench._lake import BenchLake, running_lake
from cli.bench._load_files import DATASET, DOMAIN, content, records
from cli.bench._wrong import WRONG
from cli.trial.lake import session_on
from glue_scripts import bronze_to_silver
from glue_scripts.engine.run.job import parsed_job
from glue_scripts.engine.run.session import aws
from local import athena
from local.aws import process
from local.aws.environment import client_environment
from local.aws.job_process import JobCommand, JobProcess, RunState
from local.aws.jvm import Jvm, Jvms
from local.aws.pythons import CAN_FORK, Pythons
from local.errors import LakeError
from local.session import Session
from local.settings import ROOT
from local.spark import environment

POINTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 1_500, 2_000, 5_000)
SILVER, GOLD, MAINTENANCE = "bronze-to-silver", "silver-to-gold", "maintenance"
MEASURED = 3  # runs of both jobs, of which the median counts
TIMEOUT_MINUTES = 120.0
COLUMNS = (
    *("runs", "s a run", "CPU s a run", "plan ms", "snapshots", "metadata file kB", "manifests"),
    *("data files", "deletes", "metadata objects", "metadata kB"),
)


@dataclass(frozen=True)
class Shape:
    """An Iceberg table from outside: `plan_ms` is what a reader needs to know its data files, `metadata_kb`
    the size of the current metadata file, `objects` all objects below `metadata/`.
    """

    plan_ms: float
    snapshots: int
    metadata_kb: float
    manifests: int
    data_files: int
    delete_files: int
    objects: int
    objects_kb: float


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench small_runs", description=__doc__)
    parser.add_argument("--runs", type=int, default=2_000, help="runs of one file each")
    parser.add_argument("--bytes", type=int, default=1_000, help="size of each file, about")
    options = parser.parse_args(argv)
    with BenchLake("small_runs", DOMAIN) as lake:
        variables = client_environment(lake.session.endpoint or "") | environment()
        # Processes of their own: the emulation is not among their children, whose CPU seconds count, and one
        # process has one JVM.
        own = [str(lake.state), str(options.runs), str(options.bytes)]
        done = (
            subprocess.run(
                [sys.executable, "-m", __name__, part, *own],
                cwd=ROOT,
                env={**os.environ, **variables},
                check=False,
            ).returncode
            for part in PARTS
        )
        return next((code for code in done if code), 0)


def _measure_runs(state: Path, runs: int, size: int) -> None:
    """All runs on one JVM, which is warm after the first."""
    emulation, session = running_lake(state)
    written = 0
    _print_row(*COLUMNS)
    _print_row(*("---:" for _ in COLUMNS))
    with _silver_runs(emulation, session, state) as run_silver:
        recent: list[Cost] = []
        for number in range(1, runs + 1):
            written += _drop(session, number, size)
            recent.append(run_silver(f"small-{number:05d}"))
            if number in POINTS or number == runs:
                _print_point(str(number), recent, _shape(session))
                recent = []
    _check(session, written)


def _measure_maintenance(state: Path, runs: int, size: int) -> None:
    """What maintenance makes of these runs, and what both jobs cost in processes of their own."""
    _, session = running_lake(state)
    written = sum(len(records(number, size)) for number in range(1, runs + 1))
    with _jobs(session, state) as run_job:
        for name, options in (("as deployed", {}), ("no old snapshots", {"--snapshot_days": "0"})):
            cost = run_job(MAINTENANCE, f"maintenance-{len(options)}", options)
            _print_point(f"maintenance, {name}", [cost], _shape(session))
        written += _drop(session, runs + 1, size)
        _print_point("the run after it", [run_job(SILVER, "small-after")], _shape(session))
        _check(session, written)
    _check(session, written + _measure_both_jobs(session, state, runs + 1, size))


def _measure_both_jobs(session: Session, state: Path, number: int, size: int) -> int:
    """What silver and gold of one file cost where jobs share a JVM, and where each has its own.

    Returns the records that were dropped.
    """
    dropped = 0
    print("\n| jobs of one file, CPU s | silver | gold | both |\n|---|---:|---:|---:|", flush=True)
    for name, apart in (("on a warm JVM", False), ("each from nothing, as on Glue", True)):
        with _jobs(session, state, apart=apart) as run_job:
            costs = []
            for _ in range(MEASURED if apart else MEASURED + 2):  # the first ones warm a JVM
                number += 1
                dropped += _drop(session, number, size)
                costs.append([run_job(stage, f"both-{number}-{stage}").cpu for stage in (SILVER, GOLD)])
        silver, gold = (median(c) for c in zip(*costs[-MEASURED:], strict=True))
        _print_row(name, f"{silver:.1f}", f"{gold:.1f}", f"{silver + gold:.1f}")
    return dropped


PARTS = {"runs": _measure_runs, "maintenance": _measure_maintenance}


@contextmanager
def _silver_runs(
    emulation: process.Emulation, session: Session, state: Path
) -> Iterator[Callable[[str], Cost]]:
    """Runs bronze-to-silver in this process; its CPU seconds count, too."""
    job = session.client("glue").get_job(JobName=session.names.job(DOMAIN, SILVER))["Job"]
    jvm = Jvm(state / "runs" / "spark.log", long=True)
    spark = session_on(jvm, emulation, state, few_rows=True)
    with Watch() as watch:

        def run(run_id: str) -> Cost:
            watch.lap()
            own = time.process_time()
            arguments = {**job["DefaultArguments"], "--run_id": run_id}
            parsed = parsed_job([word for pair in arguments.items() for word in pair])
            bronze_to_silver.main(spark, parsed, aws(parsed))
            cost = watch.lap()
            return replace(cost, cpu=cost.cpu + time.process_time() - own)

        yield run
    spark.stop()
    jvm.leave()  # its end, while PySpark still has a connection, would be reported as an error


@contextmanager
def _jobs(session: Session, state: Path, *, apart: bool = False) -> Iterator[Callable[..., Cost]]:
    """Runs provisioned Glue jobs one after the other, as children of this process. `apart`: with nothing kept
    from one for the next.
    """
    jvms, pythons = Jvms(state / "runs", archived=not apart), Pythons(forks=CAN_FORK and not apart)
    with Watch() as watch:

        def run(stage: str, run_id: str, options: dict[str, str] | None = None) -> Cost:
            job = session.client("glue").get_job(JobName=session.names.job(DOMAIN, stage))["Job"]
            arguments = {**job["DefaultArguments"], "--run_id": run_id, **(options or {})}
            folder = state / "runs" / run_id
            script = job["Command"]["ScriptLocation"]
            command = JobCommand(job["Name"], f"jr_{run_id}", script, arguments, TIMEOUT_MINUTES, folder)
            if apart:
                jvms.close()
            watch.lap()
            outcome, reason = JobProcess(command, session.client("s3"), jvms, pythons).execute()
            cost = watch.lap()
            if outcome is not RunState.SUCCEEDED:
                raise LakeError(f"{run_id}: {reason}\n{folder}/stderr", WRONG)
            return cost

        yield run
        logging.disable(logging.ERROR)  # that the JVM which is ended here is gone
        jvms.close()
        pythons.close()


def _drop(session: Session, number: int, size: int) -> int:
    """Puts one file into the raw bucket and waits for its outcome. Returns its records."""
    key = f"{DOMAIN}/{DATASET}/small/{number:06d}.json"
    session.client("s3").put_object(Bucket=session.names.bucket("raw"), Key=key, Body=content(number, size))
    end = time.monotonic() + 60
    while session.ledger.counts(DOMAIN, DATASET)["pending"] != 1:
        if time.monotonic() > end:
            raise LakeError(f"{key} had no outcome within a minute", WRONG)
        time.sleep(0.1)
    return len(records(number, size))


def _check(session: Session, written: int) -> None:
    """Raises LakeError unless silver has the rows that were dropped."""
    found = _table(session).scan().count()
    if found != written:
        raise LakeError(f"expected {written} rows in silver, found {found}", WRONG)


def _table(session: Session) -> Any:
    return athena.catalog_of(session).load_table((session.names.database(DOMAIN, "silver"), DATASET))


def _shape(session: Session) -> Shape:
    table = _table(session)
    began = time.monotonic()
    tasks = list(table.scan().plan_files())
    plan_ms = 1000 * (time.monotonic() - began)
    snapshot = table.current_snapshot()
    bucket, _, prefix = table.metadata_location.removeprefix("s3://").partition("/")
    pages = (
        session.client("s3")
        .get_paginator("list_objects_v2")
        .paginate(Bucket=bucket, Prefix=f"{prefix.rpartition('/')[0]}/")
    )
    sizes = {o["Key"]: o["Size"] for page in pages for o in page.get("Contents", ())}
    return Shape(
        plan_ms,
        len(table.snapshots()),
        sizes[prefix] / 1000,
        len(snapshot.manifests(table.io)),
        len(tasks),
        sum(len(t.delete_files) for t in tasks),
        len(sizes),
        sum(sizes.values()) / 1000,
    )


def _print_point(name: str, costs: list[Cost], shape: Shape) -> None:
    """The mean of the runs since the last point, and the table after them."""
    wall, cpu = (sum(getattr(c, field) for c in costs) / len(costs) for field in ("wall", "cpu"))
    _print_row(
        name,
        f"{wall:.1f}",
        f"{cpu:.1f}",
        f"{shape.plan_ms:.0f}",
        f"{shape.snapshots:,}",
        f"{shape.metadata_kb:,.0f}",
        f"{shape.manifests:,}",
        f"{shape.data_files:,}",
        f"{shape.delete_files:,}",
        f"{shape.objects:,}",
        f"{shape.objects_kb:,.0f}",
    )


def _print_row(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    PARTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
