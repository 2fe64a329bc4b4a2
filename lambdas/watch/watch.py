"""What the function does; handler.py gives it its clients and the time."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lambdas.watch.due import Patience, Situation, is_due, midnight
from lambdas.watch.figures import freshness, job_run, silence, unknown_columns, waiting
from lambdas.watch.pipelines import Pipelines
from shared.contracts import Contract
from shared.ledger import Ledger
from shared.ledger.observed import Observed
from shared.metrics import send
from shared.names import JOB_LOGS, Names
from shared.zones import failure_key

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client

KEPT = ("name", "status", "error", "cause", "startDate", "stopDate", "executionArn", "input")


@dataclass(frozen=True)
class Watch:
    """What one call does with the domains; `clock` gives the time, in UTC."""

    names: Names
    contracts: Sequence[Contract]
    patience: Patience
    ledger: Ledger
    pipelines: Pipelines
    s3: S3Client
    glue: GlueClient
    cloudwatch: CloudWatchClient
    logs: CloudWatchLogsClient
    log_days: int
    clock: Callable[[], dt.datetime]

    def check(self) -> list[str]:
        """Publishes every domain's figures and starts the runs that are due. Returns their ids."""
        return [run_id for contract in self.contracts if (run_id := self._check(contract)) is not None]

    def maintain(self) -> list[str]:
        """Starts the maintenance of every domain; it waits for the domain's lock like any other run."""
        return [
            run_id
            for contract in self.contracts
            if (run_id := self.pipelines.start(contract.domain, self.clock(), maintenance=True)) is not None
        ]

    def keep_reason(self, execution: dict[str, Any]) -> str | None:
        """Writes how an execution ended beside the other quarantined things.

        None for a machine that is not ours.
        """
        domain = next(
            (
                c.domain
                for c in self.contracts
                if self.names.machine_arn(c.domain) == execution["stateMachineArn"]
            ),
            None,
        )
        if domain is None:
            return None
        key = failure_key(domain, execution["name"])
        body = json.dumps({name: execution.get(name) for name in KEPT}, indent=2, ensure_ascii=False)
        self.s3.put_object(
            Bucket=self.names.bucket("quarantine"),
            Key=key,
            Body=body.encode(),
            ContentType="application/json",
        )
        return key

    def note_job(self, job_name: str, run_id: str) -> None:
        """Publishes what a finished Glue run took; last, for what fails is done again as a whole."""
        for contract in self.contracts:
            start = self.names.job(contract.domain, "")
            if job_name.startswith(start):
                run = self.glue.get_job_run(JobName=job_name, RunId=run_id)["JobRun"]
                self._bound_logs()
                send(self.cloudwatch, self.names, job_run(contract.domain, job_name.removeprefix(start), run))

    def _bound_logs(self) -> None:
        """Gives retention to log groups that Glue and Redshift made for us: they would keep everything."""
        for start, ours in ((JOB_LOGS, self.names.glue_logs), (self.names.warehouse_logs, "")):
            for page in self.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=start):
                for group in page["logGroups"]:
                    if ours in group["logGroupName"] and group.get("retentionInDays") != self.log_days:
                        self.logs.put_retention_policy(
                            logGroupName=group["logGroupName"], retentionInDays=self.log_days
                        )

    def _check(self, contract: Contract) -> str | None:
        now, domain, datasets = self.clock(), contract.domain, [d.name for d in contract.datasets]
        if (last := self.pipelines.last_runs(domain)) is None:
            return None  # there is nothing yet that could run
        left = self.ledger.deferred(domain)  # they wait for a run too: it begins with the bronze job
        arrivals = {
            d: [
                *map(_time, self.ledger.arrivals(domain, d)),
                *(_time(f.ingested_at) for f in left if f.dataset == d),
            ]
            for d in datasets
        }
        newest = {
            d: _time(f.ingested_at) if (f := self.ledger.newest_processed(domain, d)) else None
            for d in datasets
        }
        figures = [waiting(domain, d, len(arrivals[d])) for d in datasets]
        figures += freshness(domain, newest, last.succeeded_at, now)
        send(self.cloudwatch, self.names, figures + self._observations(contract, arrivals, newest, now))
        every = [a for times in arrivals.values() for a in times]
        situation = Situation(every, last.running, self.ledger.halted_by(domain) is not None, last.failed_at)
        if not is_due(situation, self.patience, now):
            return None
        if self.pipelines.begun_since(domain, midnight(now)) >= self.patience.runs_until(now):
            print(json.dumps({"held": domain, "until": self.patience.next_share(now).isoformat()}))  # noqa: T201
            return None
        return self.pipelines.start(domain, now)

    def _observations(
        self,
        contract: Contract,
        arrivals: Mapping[str, Sequence[dt.datetime]],
        newest: Mapping[str, dt.datetime | None],
        now: dt.datetime,
    ) -> list[MetricDatumTypeDef]:
        """What no run would tell: a run begins with a file, and silence has none."""
        observed, figures = self.ledger.observed(contract.domain), []
        for dataset in contract.datasets:
            known, last = observed.get(dataset.name, Observed()), newest[dataset.name]
            times = [*arrivals[dataset.name], *([last] if last else [])]
            figures += silence(dataset, known.learnt, max(times, default=None), now)
            figures += unknown_columns(dataset, known.unknown, now)
        return figures


def _time(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)
