"""A lakehouse of its own for a benchmark: provisioned from the templates, filled through the ingest function,
its jobs run as measured processes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cli import drops
from cli.bench._cpu import Cost, Watch, measured
from cli.demo import wait_for_outcomes
from domains.samples import sample_of
from local import laptop
from local.aws import process
from local.aws.environment import client_environment
from local.aws.job_process import JobCommand, JobProcess, RunState
from local.aws.jvm import Jvms
from local.aws.pythons import Pythons
from local.session import Session, laptop_session
from local.settings import HOME
from local.spark import environment

FOLDER = HOME / "bench"
TIMEOUT_MINUTES = 120.0


def sample(domain: str, *size: float, seed: int, **options: object) -> Path:
    """The folder of a sample of so many rows and days, or of a scale; generated unless it is there from last
    time.
    """
    folder = FOLDER / "-".join((domain, *(f"{n:.12g}" for n in size), str(seed), *map(str, options.values())))
    if not (folder / "expected.json").exists():
        sample_of(domain).generate(*size, seed, folder, progress=sys.stderr.isatty(), **options)
    return folder


class BenchLake:
    """A fresh environment below `.lake/bench/<name>`; a context manager that stops it."""

    def __init__(self, name: str, domain: str) -> None:
        self.state, self.domain = FOLDER / name, domain

    def __enter__(self) -> BenchLake:
        process.reset(self.state)
        self.session: Session = laptop.provision(report=lambda text: None, state=self.state)
        return self

    def __exit__(self, *_: object) -> None:
        process.stop(self.state)

    def drop(self, folder: Path) -> None:
        """Puts a sample's files into the raw bucket and waits until each has its outcome."""
        plan = drops.planned([folder / "raw"], None, None)
        drops.upload(self.session, plan, lambda done: None)
        wait_for_outcomes(self.session, self.domain, {d.key for d in plan})

    def run(self, stages: Sequence[str], run_id: str, *options: str, long: bool = False) -> dict[str, Cost]:
        """The jobs of a run (`bronze-to-silver`, `silver-to-gold`), in processes of their own on one JVM.

        `long`: millions of rows.
        """
        length = "long" if long else "short"
        own = [
            sys.executable,
            "-m",
            __name__,
            str(self.state),
            self.domain,
            ",".join(stages),
            run_id,
            length,
            *options,
        ]
        done = measured(own, client_environment(self.session.endpoint or "") | environment())
        return {
            stage: Cost(**json.loads(line))
            for stage, line in zip(stages, done.output.splitlines(), strict=True)
        }


def _run(
    state: Path, domain: str, stages: Sequence[str], run_id: str, length: str, options: Sequence[str]
) -> int:
    """Runs provisioned Glue jobs as the emulation does, but as children of this process.

    Prints what each cost, a line a job.
    """
    _, session = running_lake(state)
    jvms, pythons = Jvms(state / "runs", long=length == "long", archived=length != "long"), Pythons()
    with Watch() as watch:
        for stage in stages:
            job = session.client("glue").get_job(JobName=session.names.job(domain, stage))["Job"]
            arguments = {
                **job["DefaultArguments"],
                "--run_id": run_id,
                **dict(o.split("=", 1) for o in options),
            }
            folder = state / "runs" / f"{run_id}-{stage}"
            command = JobCommand(
                job["Name"],
                f"jr_{run_id}",
                job["Command"]["ScriptLocation"],
                arguments,
                TIMEOUT_MINUTES,
                folder,
            )
            outcome, reason = JobProcess(command, session.client("s3"), jvms, pythons).execute()
            if outcome is not RunState.SUCCEEDED:
                sys.stderr.write(f"{reason}\n{folder}/stderr\n")
                return 1
            print(json.dumps(asdict(watch.lap())))
    jvms.close()
    pythons.close()
    return 0


def running_lake(state: Path) -> tuple[process.Emulation, Session]:
    """The lake of a benchmark, for a process of its own that measures in it."""
    emulation = process.running(state)
    assert emulation is not None
    return emulation, laptop_session(emulation)


def profiles(session: Session, domain: str, folder: Path) -> str:
    """JSON for an engine that is compared: the accepted files in their original place, and what the ingest
    function observed of them.
    """
    files = sorted(
        (f for f in session.ledger.files(domain) if f.status == "accepted"),
        key=lambda f: (f.ingested_at, f.key),
    )
    listed = [
        {
            "dataset": f.dataset,
            "path": str(folder / "raw" / f.key),
            "ingested_at": f.ingested_at,
            **json.loads(f.profile.to_json()),
        }
        for f in files
        if f.profile
    ]
    return json.dumps(listed)


if __name__ == "__main__":
    sys.exit(
        _run(Path(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4], sys.argv[5], sys.argv[6:])
    )
