"""Says of each table that a job makes when that began, and how it ended: into the metrics bucket, and to a
receiver where the environment names one. Lineage is a by-product: where it cannot be written, the log says
so, and the job goes on.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from glue_scripts.engine.lineage.sender import Sender
from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws, api_key
from shared.contracts import Table
from shared.lineage import JSON, event, facet, new_run, run_of, stored, symlink
from shared.zones import lineage_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OURS = ("glue_scripts.", "shared.")  # modules whose errors quote no values


@dataclass(frozen=True)
class Made:
    """What is known of a table that was made. `output`: facets of the table; `statistics`: of what was
    written to it; `run`: of the run. `others`: what was written beside it.
    """

    inputs: tuple[JSON, ...] = ()
    output: Mapping[str, JSON] = field(default_factory=dict)
    statistics: Mapping[str, JSON] = field(default_factory=dict)
    run: Mapping[str, JSON] = field(default_factory=dict)
    others: tuple[JSON, ...] = ()


NOTHING_KNOWN = Made()


class Recorder:
    """Of one job. A context manager: at its end it waits a few seconds for what is still to be sent."""

    def __init__(self, job: Job, s3: S3Client, engine_version: str, sender: Sender | None = None) -> None:
        self.job, self._s3, self._sender = job, s3, sender
        run, machine = {"runId": _parent(job)}, _job(job, job.names.state_machine(job.domain))
        self.run_facets = {
            **facet("parent", run=run, job=machine),
            **facet("processing_engine", name="spark", version=engine_version),
            **_nominal(job),
        }

    def of(self, table: Table, dataset: str | None = None) -> TableRun:
        """The run that makes a table, or loads a dataset into it."""
        return TableRun(self, table, dataset)

    def write(self, key: str, events: list[JSON]) -> None:
        """All events of a run so far; the last one is new."""
        if self._sender:
            self._sender.send(events[-1])
        body = "".join(json.dumps(e) + "\n" for e in events).encode()
        bucket = self.job.names.bucket("metrics")
        try:
            self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/x-ndjson")
        except (BotoCoreError, ClientError) as error:
            log.warning(self.job, f"lineage was not written: {type(error).__name__}", key=key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._sender and (said := self._sender.close()):
            log.warning(self.job, said)


def recorder(spark: SparkSession, job: Job, clients: Aws) -> Recorder:
    """Of a job that begins now."""
    assert clients.by_products is not None
    receiver = job.receiver
    sender = (
        Sender(receiver.url, partial(api_key, job, receiver.secret), receiver.secret) if receiver else None
    )
    return Recorder(job, clients.by_products, spark.version, sender)


class TableRun:
    """A run of the making of one table; nothing is said of one that is never begun, unless an error ends it.

    A context manager: COMPLETE at its end, with what it was told last, or FAIL where an error ends it.
    """

    def __init__(self, recorder: Recorder, table: Table, dataset: str | None) -> None:
        job, named = recorder.job, f"{recorder.job.domain}.{table.zone}.{table.name}"
        self._recorder, self._run, self._events = recorder, new_run(), list[JSON]()
        self._job = _job(job, named if dataset in (None, table.name) else f"{named}.{dataset}")
        self._key = lineage_key(job.domain, table.zone, table.name, job.now.date(), self._run)
        self.made, self.began_ms = NOTHING_KNOWN, 0
        database = job.names.database(job.domain, table.zone)
        columns = [{"name": c.name, "type": c.type, "description": c.description} for c in table.columns]
        self._output = stored(job.names, database, table.name)
        self._facets = {
            **facet("schema", fields=columns),
            **facet("symlinks", identifiers=[symlink(job.location(table))]),
        }

    def begin(self, made: Made = NOTHING_KNOWN) -> None:
        """There is work; `made`: what is known of it before it is done."""
        self.made = made
        self.began_ms = time.time_ns() // 1_000_000
        self._say("START")

    def tell(self, made: Made) -> None:
        self.made = made

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not self._events:
            if error is None:
                return
            self.begin()
        if error is None:
            self._say("COMPLETE")
        else:
            self._say("FAIL", facet("errorMessage", message=_message(error), programmingLanguage="PYTHON"))

    def _say(self, kind: str, more: Mapping[str, JSON] | None = None) -> None:
        made = self.made
        output = {**self._output, "facets": {**self._facets, **made.output}}
        if made.statistics:
            output["outputFacets"] = dict(made.statistics)
        said = event(
            kind,
            dt.datetime.now(dt.UTC),
            self._run,
            self._job,
            run_facets={**self._recorder.run_facets, **made.run, **(more or {})},
            inputs=made.inputs,
            outputs=(output, *made.others),
        )
        self._events.append(said)
        self._recorder.write(self._key, self._events)


def _parent(job: Job) -> str:
    return run_of(job.names.execution_arn(job.domain, job.run_id))


def _job(job: Job, name: str) -> JSON:
    return {"namespace": f"{job.names.prefix}-{job.names.env}", "name": name}


def _nominal(job: Job) -> dict[str, JSON]:
    """The days that a run was asked for."""
    if job.from_date is None:
        return {}
    end = {"nominalEndTime": _midnight(job.to_date + dt.timedelta(days=1))} if job.to_date else {}
    return facet("nominalTime", nominalStartTime=_midnight(job.from_date), **end)


def _midnight(day: dt.date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _message(error: BaseException) -> str:
    """The sentence of an error of ours, but not of one that rests on another's: that may quote a row in it.
    `told` of an error is what it says of itself here.
    """
    name = type(error).__name__
    if not _ours(error):
        return kinds(error)
    if (told := getattr(error, "told", None)) is not None:
        return f"{name}: {told}" if told else name
    cause = error.__cause__ or error.__context__
    return f"{name}: {error}" if cause is None or _ours(cause) else f"{name}: caused by {kinds(cause)}"


def _ours(error: BaseException) -> bool:
    return type(error).__module__.startswith(OURS)


def kinds(error: BaseException) -> str:
    """An error without its message: its kind, and Spark's name for what went wrong."""
    condition = error.getCondition() if isinstance(error, PySparkException) else None
    return f"{type(error).__name__}: {condition}" if condition else type(error).__name__
