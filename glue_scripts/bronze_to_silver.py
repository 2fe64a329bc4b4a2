"""Glue job: the ledger's pending files → silver.

One run takes all that is pending, whatever the number of files.
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

from pyspark.sql import SparkSession

from glue_scripts.engine.bronze.archive import archive_files
from glue_scripts.engine.gold.computed import compute, rules, silver_target
from glue_scripts.engine.lineage.loads import accounted, received
from glue_scripts.engine.lineage.made import tell_written
from glue_scripts.engine.lineage.recorder import Recorder, TableRun, recorder
from glue_scripts.engine.quarantine.replay import files_of_rows, replay_files
from glue_scripts.engine.read.bronze_files import BronzeFile, files_in_order
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job, parsed_job
from glue_scripts.engine.run.lock import Guard, guard
from glue_scripts.engine.run.session import Aws, aws, spark_session
from glue_scripts.engine.silver.batch import Loaded
from glue_scripts.engine.silver.classification import classify
from glue_scripts.engine.silver.derive import catch_up
from glue_scripts.engine.silver.drift import note_unknown_columns
from glue_scripts.engine.silver.erased import erased_people
from glue_scripts.engine.silver.expiry import expire
from glue_scripts.engine.silver.gate import decision, judgement, unusual, worst
from glue_scripts.engine.silver.integrity import orphan_counts
from glue_scripts.engine.silver.isolation import BY_A_FILE, set_aside_unloadable, without
from glue_scripts.engine.silver.left_files import set_aside_gone, without_left
from glue_scripts.engine.silver.load import load_dataset
from glue_scripts.engine.silver.metrics import as_csv, publish, run_metrics
from glue_scripts.engine.silver.promote import Promotion, promote, remember
from glue_scripts.engine.silver.reopen import reopen_copies
from glue_scripts.engine.silver.target import keys_of_dates
from glue_scripts.engine.silver.usual import (
    Compared,
    compared_days,
    compared_rates,
    remember_rates,
    teaches,
)
from glue_scripts.engine.silver.work import Work, pending_work, write_groups
from glue_scripts.engine.tables import changes
from glue_scripts.engine.tables.anew import made_beside, swap
from glue_scripts.engine.tables.commits import TRIES
from glue_scripts.engine.tables.iceberg import create_or_evolve
from glue_scripts.engine.tables.state import MovedOnError
from shared.contracts import Dataset, Threshold
from shared.ledger.model import LedgerFile, RowCounts, RunResult
from shared.metrics import UNUSUAL
from shared.zones import metrics_key

PARALLEL_DATASETS = 3


def main(spark: SparkSession, job: Job, clients: Aws) -> None:
    """Loads every dataset with work, then leaves for the state machine whether gold may follow.

    A failed dataset never stops the others.

    Afterwards gold finds every silver table, with the contract's columns, also those that no file has reached
    yet. Raises the first failure of a dataset, and TakenOverError.
    """
    check = guard(job, clients.ledger)
    check()
    job = replace(job, erased=erased_people(job, clients.ledger))
    create_or_evolve(spark, changes.changes_table(job))
    with recorder(spark, job, clients) as lineage:
        results = load_all(spark, job, clients, check, lineage)
    conclude(spark, job, clients, store_days(job, clients, results))


def load_all(spark: SparkSession, job: Job, clients: Aws, check: Guard, lineage: Recorder) -> list[RunResult]:
    """Every dataset with work, then the tables that are computed from others. Raises as `main` does."""
    beside = made_beside(spark, job, *job.contract.silver)
    with ThreadPoolExecutor(PARALLEL_DATASETS) as pool:
        futures = [
            pool.submit(process_in_order, spark, beside, clients, group, lineage)
            for group in write_groups(job.contract)
        ]
        results = [result for f in futures for result in f.result()]
        tables = [silver_target(beside, table) for table in job.contract.silver]
        list(pool.map(lambda table: create_or_evolve(spark, table), tables))
    check()
    swap(spark, job, beside, *(t for t in job.contract.silver if t.kind != "computed"))
    catch_up(spark, job, check, lineage)
    compute(spark, job, check, lineage)
    if job.lake_formation:  # last, for tables have all of their columns now; until then new ones are hidden
        with ThreadPoolExecutor(PARALLEL_DATASETS) as pool:
            list(pool.map(lambda table: classify(job, clients, table), job.contract.silver))
    orphans = orphan_counts(spark, job, [job.contract.dataset(r.dataset).target for r in results])
    return [store_orphan_counts(job, clients, r, orphans) for r in results]


def process_in_order(
    spark: SparkSession, job: Job, clients: Aws, datasets: Sequence[Dataset], lineage: Recorder
) -> list[RunResult]:
    results = []
    check = guard(job, clients.ledger)
    for table in {d.target.name: d.target for d in datasets}.values():
        expire(spark, job, table, check, lineage)
    for dataset in datasets:
        with lineage.of(dataset.target, dataset.name) as run:
            if (result := process(spark, job, clients, dataset, lineage, run)) is not None:
                results.append(result)
    return results


def process(
    spark: SparkSession, job: Job, clients: Aws, dataset: Dataset, lineage: Recorder, run: TableRun
) -> RunResult | None:
    """One dataset from bronze to silver; its files count as processed last, so a crash anywhere is repaired
    by running again.

    Raises what `load_dataset` raises, and TakenOverError.
    """
    replay_files(job, clients, dataset)
    check = guard(job, clients.ledger)
    promotion = promote(spark, job, clients, dataset, check, lineage)
    if promotion.refill:
        job = replace(job, full_refresh=True)
    again = [*files_of_rows(spark, job, clients, dataset), *promotion.files]
    dated = keys_of_dates(spark, job, dataset)
    work, files = planned(job, clients, dataset, again, dated)
    if not files:
        pass_over(spark, job, clients, dataset, work, promotion)
        return None
    run.begin(received(spark, job, dataset))
    interrupted = clients.ledger.open_attempt(job.domain, dataset.name, job.run_id)
    judged_before = interrupted or job.by_date or bool(again)
    loaded, tries = None, TRIES
    gone = Counter[str]()  # by reason, files that were set aside
    while files and loaded is None:
        try:
            # After a try in vain, bad rows are in quarantine already.
            seen = judged_before or tries < TRIES
            loaded = load_dataset(spark, job, dataset, files, work, check, lineage, again=seen)
        except MovedOnError as error:
            tries -= 1
            if not tries:
                raise
            log.warning(job, f"computed again: {error}", dataset=dataset.name)
        except BY_A_FILE:
            aside = set_aside_unloadable(spark, job, clients, dataset, files)
            if not aside:
                raise
            gone.update(str(f.reason) for f in aside)
            again, judged_before = without(again, aside), True
            work, files = planned(job, clients, dataset, again, dated)
    if loaded is None:
        clients.ledger.close_attempt(job.domain, dataset.name)
        account_for(run, spark, job, dataset, (), Loaded(RowCounts(), dict(gone), {}, 0, 0))
        return None
    if promotion.pending:
        remember(spark, job, dataset)
    learns = teaches(job, files, again=judged_before)
    result = result_of(job, clients, dataset, files, loaded, learns=learns)
    store(job, clients, dataset, result, work)
    if learns:
        remember_rates(clients, dataset, files, loaded)
    # What an interrupted run quarantined may be of other dates: the next run of all still looks.
    if not (interrupted and job.by_date):
        clients.ledger.close_attempt(job.domain, dataset.name)
    account_for(run, spark, job, dataset, files, loaded)  # last: a by-product
    log.info(
        job, "loaded", dataset=dataset.name, files=len(files), rows=asdict(loaded.rows), gate=result.gate
    )
    return result


def pass_over(
    spark: SparkSession, job: Job, clients: Aws, dataset: Dataset, work: Work, promotion: Promotion
) -> None:
    """Nothing is to be read: where all files have left, what would be settled with them waits no longer."""
    settle(job, clients, dataset, work)
    if promotion.pending:
        remember(spark, job, dataset)


def result_of(
    job: Job, clients: Aws, dataset: Dataset, files: Sequence[BronzeFile], loaded: Loaded, *, learns: bool
) -> RunResult:
    """The figures of a load, and what the gate says of them. `learns`: they are held against usual ones."""
    unknown = note_unknown_columns(job, clients, dataset, files, loaded)
    usual = compared_rates(job, clients, dataset, loaded) if learns else Compared()
    metrics = run_metrics(dataset, files, loaded, len(unknown.columns) + unknown.more) | dict(usual.values)
    metrics[UNUSUAL] = unusual(dataset.target.thresholds, metrics)
    gate, findings = judgement(dataset.target.thresholds, metrics, usual.details)
    return RunResult(
        job.domain,
        job.run_id,
        dataset.name,
        loaded.rows,
        loaded.reasons,
        metrics,
        len(files),
        gate,
        findings,
        _now().isoformat(),
    )


def planned(
    job: Job, clients: Aws, dataset: Dataset, again: Sequence[LedgerFile], dated: frozenset[str]
) -> tuple[Work, list[BronzeFile]]:
    """What the run has to do for a dataset, and its files in their order."""
    work = pending_work(job, clients.ledger, dataset, again, dated)
    if aside := set_aside_gone(job, clients, dataset, work):
        again = without(again, aside)
        work = pending_work(job, clients.ledger, dataset, again, dated)
    if reopen_copies(job, clients, dataset, work):
        work = pending_work(job, clients.ledger, dataset, again, dated)
    work = without_left(job, dataset, work)
    return work, files_in_order(work.files, dataset, work.orders)


def store(job: Job, clients: Aws, dataset: Dataset, result: RunResult, work: Work) -> None:
    """Metrics and result first, then the archive, the files' new state last.

    A halt is known before: no later run sees these rows again.
    """
    close_gate(job, clients, result)
    store_result(job, clients, result)
    publish(clients.cloudwatch, job.names, dataset, result.metrics)
    settle(job, clients, dataset, work)


def settle(job: Job, clients: Aws, dataset: Dataset, work: Work) -> None:
    """The archive, then the files' new state: what was read, and what need not be read any more."""
    files = [*work.files, *(f for f in work.superseded if f.processed_by is None)]
    if dataset.archive:
        archive_files(clients, files, job.run_id)
    clients.ledger.mark_processed([*files, *work.copies], job.run_id)


def account_for(
    run: TableRun,
    spark: SparkSession,
    job: Job,
    dataset: Dataset,
    files: Sequence[BronzeFile],
    loaded: Loaded,
) -> None:
    """Has the run say what became of a dataset's records."""
    entries = [f.entry for f in files]
    made = accounted(run.made, job, dataset, entries, loaded.rows, loaded.nulls, loaded.reasons)
    tell_written(run, spark, job, job.identifier(dataset.target), made)


def close_gate(job: Job, clients: Aws, result: RunResult) -> None:
    """A halt stays until a person accepts it; a run that was started to accept closes nothing."""
    if result.gate == "halt" and not job.accept_gate:
        clients.ledger.halt(job.domain, job.run_id, [f"{result.dataset}: {f}" for f in result.gate_findings])


def store_result(job: Job, clients: Aws, result: RunResult) -> None:
    key = metrics_key(
        job.domain, result.dataset, dt.datetime.fromisoformat(result.finished_at).date(), job.run_id
    )
    clients.s3.put_object(
        Bucket=job.names.bucket("metrics"), Key=key, Body=as_csv(result.metrics), ContentType="text/csv"
    )
    clients.ledger.record_run(result)


def store_orphan_counts(
    job: Job, clients: Aws, result: RunResult, orphans: Mapping[str, Mapping[str, float]]
) -> RunResult:
    """Adds to a result what can be measured only now that all tables are loaded: whether foreign keys refer
    to anything. Returns the result as it is stored then.
    """
    dataset = job.contract.dataset(result.dataset)
    counts = orphans.get(dataset.target.name)
    if not counts:
        return result
    return complete(job, clients, result, Compared(counts))


def store_days(job: Job, clients: Aws, results: Sequence[RunResult]) -> list[RunResult]:
    """The results with what is said of days and silence. A dataset that had no files in this run gets a
    result of its own when there is something to say; where this very run had loaded some before it died, they
    are in its result already.
    """
    observed = clients.ledger.observed(job.domain)
    loaded = {r.dataset: r for r in results}
    stored = {r.dataset: r for r in clients.ledger.runs(job.domain, job.run_id)}
    completed = []
    for dataset in job.contract.datasets:
        known = observed[dataset.name].learnt if dataset.name in observed else None
        compared = compared_days(job, clients, dataset, known)
        result = loaded.get(dataset.name)
        if compared.values and (result or judgement(_of(dataset, compared), compared.values)[1]):
            empty = RunResult(
                job.domain, job.run_id, dataset.name, RowCounts(), finished_at=_now().isoformat()
            )
            result = complete(job, clients, result or stored.get(dataset.name, empty), compared)
        completed += [result] if result else []
    return completed


def complete(job: Job, clients: Aws, result: RunResult, compared: Compared) -> RunResult:
    """Adds figures to a result that is stored already, judges them, and returns it as it is stored then."""
    dataset = job.contract.dataset(result.dataset)
    thresholds, metrics = _of(dataset, compared), {**result.metrics, **compared.values}
    gate, findings = judgement(thresholds, metrics, compared.details)
    told = {**compared.values, UNUSUAL: unusual(thresholds, metrics)}
    publish(clients.cloudwatch, job.names, dataset, told)
    metrics[UNUSUAL] = unusual(dataset.target.thresholds, metrics)
    completed = replace(
        result,
        metrics=metrics,
        gate=worst([result.gate, gate]),
        gate_findings=(*result.gate_findings, *findings),
    )
    close_gate(job, clients, completed)
    store_result(job, clients, completed)
    return completed


def _of(dataset: Dataset, compared: Compared) -> list[Threshold]:
    return [t for t in dataset.target.thresholds if t.metric in compared.values]


def conclude(spark: SparkSession, job: Job, clients: Aws, results: Sequence[RunResult]) -> None:
    """The gate's state and whether gold has work: what the state machine reads next."""
    if job.accept_gate:
        clients.ledger.accept_halt(job.domain)
    # Also of what this very run had loaded before it died.
    stored = clients.ledger.runs(job.domain, job.run_id)
    all_findings = [f"{r.dataset}: {f}" for r in stored for f in r.gate_findings]
    gate, findings = decision(
        worst(r.gate for r in stored),
        all_findings,
        accepted=job.accept_gate,
        closed_by=clients.ledger.halted_by(job.domain),
    )
    # Gold has no work of its own where only the warehouse is behind: then its job says again what to load.
    owed = clients.ledger.load_is_open(job.domain)
    changed = job.full_refresh or owed or changes.are_pending(spark, job)
    clients.ledger.record_summary(job.domain, job.run_id, gate, changed, findings)
    total = sum((r.rows for r in results), RowCounts())
    files = sum(r.files for r in results)
    log.info(job, "silver is done", files=files, rows=asdict(total), gate=gate, gold_has_work=changed)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


if __name__ == "__main__":
    job = parsed_job(sys.argv[1:])
    rules(job)  # what the domain's code imports is missed now, not when half of the work is done
    main(spark_session(f"{job.domain} bronze to silver"), job, aws(job))
