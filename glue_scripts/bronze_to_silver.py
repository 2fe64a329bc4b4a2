"""Glue job: the ledger's pending files → silver.

One run takes all that is pending, whatever the number of files.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pyspark.sql import SparkSession

from glue_scripts.engine.bronze.archive import archive
from glue_scripts.engine.gold.computed import compute, home_of
from glue_scripts.engine.quarantine.replay import files_of_rows, replay_files
from glue_scripts.engine.read.bronze_files import bronze_files
from glue_scripts.engine.run.job import Job, job
from glue_scripts.engine.run.lock import guard
from glue_scripts.engine.run.session import Aws, aws, session
from glue_scripts.engine.silver.derive import follow, followers
from glue_scripts.engine.silver.gate import decision, judgement, worst
from glue_scripts.engine.silver.integrity import integrity
from glue_scripts.engine.silver.load import landed
from glue_scripts.engine.silver.metrics import as_csv, metrics, publish
from glue_scripts.engine.silver.reopen import reopen
from glue_scripts.engine.silver.work import Work, work, write_groups
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.iceberg import created, ensure
from shared.contracts import Dataset
from shared.ledger.model import RowCounts, RunResult
from shared.zones import metrics_key

PARALLEL_DATASETS = 3


def main(spark: SparkSession, run: Job, clients: Aws) -> None:
    """Lands every dataset with work, then tells the state machine whether gold may follow.

    A failed dataset never stops the others.

    Afterwards gold finds every silver table, with the contract's columns, also those that no file has reached
    yet.
    """
    check = guard(run, clients.ledger)
    check()
    ensure(spark, changes.stored(run))
    with ThreadPoolExecutor(PARALLEL_DATASETS) as pool:
        futures = [
            pool.submit(process_in_order, spark, run, clients, lane) for lane in write_groups(run.contract)
        ]
        results = [result for f in futures for result in f.result()]
        list(pool.map(lambda table: created(spark, home_of(run, table)), run.contract.silver))
    compute(spark, run, check)
    orphans = integrity(spark, run, [run.contract.dataset(r.dataset).target for r in results])
    conclude(spark, run, clients, [measured(run, clients, r, orphans) for r in results])


def process_in_order(
    spark: SparkSession, run: Job, clients: Aws, datasets: Sequence[Dataset]
) -> list[RunResult]:
    return [result for dataset in datasets if (result := process(spark, run, clients, dataset)) is not None]


def process(spark: SparkSession, run: Job, clients: Aws, dataset: Dataset) -> RunResult | None:
    """One dataset from bronze to silver; the ledger is told last, so a crash anywhere is repaired by running
    again.
    """
    replay_files(run, clients, dataset)
    again = files_of_rows(spark, run, clients, dataset)
    asked = work(run, clients.ledger, dataset, again)
    if reopen(run, clients, asked):
        asked = work(run, clients.ledger, dataset, again)
    files = bronze_files(asked.files, dataset)
    if not files:
        return None
    interrupted = clients.ledger.open_attempt(run.domain, dataset.name, run.run_id)
    again_put_aside = interrupted or run.by_date or bool(again)
    with landed(spark, run, dataset, files, asked, guard(run, clients.ledger), again=again_put_aside) as done:
        for table in followers(dataset.target, run.contract.silver):
            follow(spark, run, dataset.target, table, done.keys)
        values = metrics(dataset, files, done)
        gate, findings = judgement(dataset.target.gate, values)
        result = RunResult(
            run.domain,
            run.run_id,
            dataset.name,
            done.rows,
            done.reasons,
            values,
            len(files),
            gate,
            findings,
            _now().isoformat(),
        )
    store(run, clients, dataset, result, asked)
    if not (
        interrupted and run.by_date
    ):  # what it put aside may be of other dates: the next run of all still looks
        clients.ledger.close_attempt(run.domain, dataset.name)
    return result


def store(run: Job, clients: Aws, dataset: Dataset, result: RunResult, done: Work) -> None:
    """Metrics and result first, then the archive, the files' new state last.

    A halt is known before: no later run sees these rows again.
    """
    close_gate(run, clients, result)
    keep(run, clients, result)
    publish(clients.cloudwatch, dataset, result.metrics)
    files = [*done.files, *(f for f in done.superseded if f.processed_by is None)]
    if dataset.archive:
        archive(clients, files, run.run_id)
    clients.ledger.mark_processed(files, run.run_id)


def close_gate(run: Job, clients: Aws, result: RunResult) -> None:
    """A halt stays until a person accepts it; a run that was started to accept closes nothing."""
    if result.gate == "halt" and not run.accept_gate:
        clients.ledger.halt(run.domain, run.run_id, [f"{result.dataset}: {f}" for f in result.gate_findings])


def keep(run: Job, clients: Aws, result: RunResult) -> None:
    key = metrics_key(
        run.domain, result.dataset, dt.datetime.fromisoformat(result.finished_at).date(), run.run_id
    )
    clients.s3.put_object(
        Bucket=run.names.bucket("metrics"), Key=key, Body=as_csv(result.metrics), ContentType="text/csv"
    )
    clients.ledger.record_run(result)


def measured(
    run: Job, clients: Aws, result: RunResult, orphans: Mapping[str, Mapping[str, float]]
) -> RunResult:
    """The result with what can be measured only now that all tables have landed: whether foreign keys refer
    to anything.
    """
    dataset = run.contract.dataset(result.dataset)
    found = orphans.get(dataset.target.name)
    if not found:
        return result
    publish(clients.cloudwatch, dataset, found)
    values = {**result.metrics, **found}
    gate, findings = judgement(dataset.target.gate, values)
    told = replace(result, metrics=values, gate=gate, gate_findings=findings)
    close_gate(run, clients, told)
    keep(run, clients, told)
    return told


def conclude(spark: SparkSession, run: Job, clients: Aws, results: Sequence[RunResult]) -> None:
    """The gate's state and whether gold has work: what the state machine reads next."""
    if run.accept_gate:
        clients.ledger.accept_halt(run.domain)
    found = [f"{r.dataset}: {f}" for r in results for f in r.gate_findings]
    gate, findings = decision(
        worst(r.gate for r in results),
        found,
        accepted=run.accept_gate,
        closed_by=clients.ledger.halted_by(run.domain),
    )
    changed = run.full_refresh or not changes.pending(spark, run).empty
    clients.ledger.record_summary(run.domain, run.run_id, gate, changed, findings)
    total = sum((r.rows for r in results), RowCounts())
    print(  # noqa: T201
        f"run {run.run_id}: {sum(r.files for r in results)} files, {total}, gate {gate}, gold has work:"
        f" {changed}"
    )


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


if __name__ == "__main__":
    this = job(sys.argv[1:])
    main(session(f"{this.domain} bronze to silver"), this, aws(this))
