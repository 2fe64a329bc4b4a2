"""What a run did: records by fate, quarantined rows by reason and column, what changed in gold, what it
costs. Read from the ledger, the tables and the job runs, after the run.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pyiceberg.table import Table as IcebergTable

from cli.runs import Outcome, Step
from local import athena
from local.athena import snapshot_at
from local.session import Session
from shared.contracts import Contract, contract
from shared.ledger.model import RowCounts, RunResult
from shared.names import DOMAIN_JOBS
from shared.quarantine import ALARMING_SHARE, rows_table
from shared.zones import GATHERED
from stacks.config import settings
from stacks.prices import dpu_hour

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

FIELDS = ("reasons", "columns", "source_file", "source_version")
SHORTEST_BILL = 60  # seconds of a job run (AWS Glue pricing)


@dataclass(frozen=True)
class Quarantined:
    """Rows of a dataset that were quarantined for the same reasons, about the same columns."""

    dataset: str
    reasons: tuple[str, ...]
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Changed:
    """A table of gold that a run committed to: its rows before and after."""

    table: str
    before: int
    after: int
    written: int


@dataclass(frozen=True)
class JobCost:
    """What the runs of one of a domain's jobs cost, by its stage (shared/names.py)."""

    stage: str
    dpu_hours: float
    usd: float


@dataclass(frozen=True)
class Cost:
    """What the job runs of a run cost at list prices; `jobs`: of each that ran.

    `measured`: with the seconds that AWS billed, otherwise with the laptop's, for as many workers.
    """

    jobs: tuple[JobCost, ...]
    dpu_hours: float
    usd: float
    measured: bool


@dataclass(frozen=True)
class Summary:
    """A run's result for people and machines."""

    outcome: Outcome
    steps: tuple[Step, ...]
    rows: dict[str, RowCounts]
    files: dict[str, int]
    reasons: dict[str, dict[str, int]]
    quarantined: tuple[Quarantined, ...]
    gold: tuple[Changed, ...]
    gate: str
    findings: tuple[str, ...]
    cost: Cost

    @property
    def total(self) -> RowCounts:
        return sum(self.rows.values(), RowCounts())

    @property
    def balanced(self) -> bool:
        return all(counts.balanced for counts in self.rows.values())

    @property
    def alarming(self) -> dict[str, float]:
        """The datasets of whose records more than a fifth were quarantined, with their share."""
        shares = {d: c.quarantined / c.read for d, c in self.rows.items() if c.read}
        return {dataset: share for dataset, share in shares.items() if share > ALARMING_SHARE}

    def document(self) -> dict[str, Any]:
        """The machine's form: the outcome's fields, then the rest."""
        values = asdict(self)
        return {
            **values.pop("outcome"),
            **values,
            "balanced": self.balanced,
            "total": asdict(self.total),
            "alarming": self.alarming,
        }


def summary_of(session: Session, domain: str, outcome: Outcome, steps: Sequence[Step]) -> Summary:
    """The summary of a run that has ended, whatever became of it."""
    results, agreed = session.ledger.runs(domain, outcome.run_id), contract(domain)
    catalog = athena.catalog_of(session)
    return Summary(
        outcome,
        tuple(steps),
        {r.dataset: r.rows for r in results},
        {r.dataset: r.files for r in results},
        {r.dataset: r.reasons for r in results if r.reasons},
        tuple(_quarantined(session, catalog, agreed, results)),
        tuple(_changed(session, catalog, agreed, *_span(outcome, steps))) if steps else (),
        max((r.gate for r in results), key=("pass", "warn", "halt").index, default="pass"),
        tuple(f for r in results for f in r.gate_findings),
        cost_of(session, domain, outcome.run_id, steps[0].began if steps else None),
    )


def _span(outcome: Outcome, steps: Sequence[Step]) -> tuple[dt.datetime, dt.datetime]:
    """When a run began and ended: what was committed later is of another run."""
    began = steps[0].began
    return began, began + dt.timedelta(seconds=outcome.seconds)


def _quarantined(
    session: Session, catalog: Catalog, agreed: Contract, results: Iterable[RunResult]
) -> Iterator[Quarantined]:
    """By reasons and columns together."""
    for result in results:
        if not result.rows.quarantined:
            continue
        name = (
            session.names.database(agreed.domain, "quarantine"),
            rows_table(agreed.domain, result.dataset, agreed.layout),
        )
        table = catalog.load_table(name)
        rows = table.scan(f"run_id = '{result.run_id}'", selected_fields=FIELDS).to_arrow().to_pylist()
        if len(rows) < result.rows.quarantined:
            rows = max(rows, _of_files(session, table, agreed.domain, result), key=len)
        yield from grouped(rows, agreed, result.dataset)


def _of_files(session: Session, table: IcebergTable, domain: str, result: RunResult) -> list[dict[str, Any]]:
    """The quarantined rows of all files that a run read: those that were in quarantine before, for the same
    reasons, bear the run that brought them there.
    """
    accepted = session.ledger.accepted(domain, result.dataset)
    files = {(f.key, f.version) for f in accepted if f.processed_by == result.run_id}
    rows: list[dict[str, Any]] = table.scan(selected_fields=FIELDS).to_arrow().to_pylist()
    return [row for row in rows if (row["source_file"], row["source_version"]) in files]


def grouped(rows: Iterable[dict[str, Any]], agreed: Contract, dataset: str) -> list[Quarantined]:
    """Quarantined rows of a dataset by reasons and columns, most first."""
    place = f"{agreed.domain}/{dataset}/"
    own = (r for r in rows if agreed.layout != GATHERED or r["source_file"].startswith(place))
    counts = Counter((tuple(r["reasons"]), tuple(r["columns"])) for r in own)
    found = [Quarantined(dataset, reasons, columns, n) for (reasons, columns), n in counts.items()]
    return sorted(found, key=lambda q: (-q.rows, q.reasons, q.columns))


def _changed(
    session: Session, catalog: Catalog, agreed: Contract, began: dt.datetime, ended: dt.datetime
) -> Iterator[Changed]:
    for table in agreed.gold:
        name = (session.names.database(agreed.domain, "gold"), table.name)
        if not catalog.table_exists(name):
            continue
        found = change_between(catalog.load_table(name), began, ended)
        if found and (found.written or found.before != found.after):
            yield found


def change_between(table: IcebergTable, began: dt.datetime, ended: dt.datetime) -> Changed | None:
    """What became of a table between two moments; None when nothing was committed.

    Gold is copied on write: its files hold no deleted rows.
    """
    first, last = began.timestamp() * 1000, ended.timestamp() * 1000
    own = [e for e in table.history() if first <= e.timestamp_ms <= last]
    if not own:
        return None
    earlier, latest = snapshot_at(table, began), max(own, key=lambda e: e.timestamp_ms)
    written = sum(_number(table, e.snapshot_id, "added-records") for e in own)
    before = _number(table, earlier, "total-records") if earlier else 0
    return Changed(table.name()[-1], before, _number(table, latest.snapshot_id, "total-records"), written)


def _number(table: IcebergTable, snapshot_id: int, what: str) -> int:
    """Of a snapshot's summary; 0 where it does not say."""
    snapshot = table.snapshot_by_id(snapshot_id)
    return int((snapshot.summary[what] or 0) if snapshot and snapshot.summary else 0)


def cost_of(session: Session, domain: str, run_id: str, began: dt.datetime | None = None) -> Cost:
    """Of the Glue jobs of a run, by far the most of what it costs.

    `began`: when the run did; no page of job runs before that is read.
    """
    price = dpu_hour(flex=settings(session.names.env).glue_flex).usd
    jobs = []
    for stage in DOMAIN_JOBS:
        found = _job_runs(session, session.names.job(domain, stage), began)
        hours = [dpu_hours(r) for r in found if r.get("Arguments", {}).get("--run_id") == run_id]
        if hours:
            jobs.append(JobCost(stage, sum(hours), sum(hours) * price))
    total = sum(job.dpu_hours for job in jobs)
    return Cost(tuple(jobs), total, total * price, session.endpoint is None)


def _job_runs(session: Session, job: str, began: dt.datetime | None) -> Iterator[Any]:
    """The runs of a job since a moment, newest first as Glue tells them; a job that is not there has none."""
    glue = session.client("glue")
    try:
        for page in glue.get_paginator("get_job_runs").paginate(JobName=job):
            yield from page["JobRuns"]
            if began and any(r["StartedOn"] < began for r in page["JobRuns"]):
                return
    except glue.exceptions.EntityNotFoundException:
        return


def dpu_hours(job_run: Any) -> float:
    """What Glue bills of a job run: its DPU seconds where it tells them (it does with auto-scaling),
    otherwise its time for all its workers, one DPU each (G.1X), a minute at least.
    """
    if seconds := job_run.get("DPUSeconds"):
        return float(seconds) / 3600
    return float(max(job_run["ExecutionTime"], SHORTEST_BILL) * job_run.get("NumberOfWorkers", 2) / 3600)
