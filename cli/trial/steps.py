"""Files through ingestion and both jobs, in an empty lake."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from boto3.s3.transfer import TransferConfig
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from cli.trial.lake import Engine
from cli.trial.placing import Placed
from glue_scripts import bronze_to_silver, silver_to_gold
from glue_scripts.engine.gold.promises import TransformError
from glue_scripts.engine.gold.transforms import transforms_of
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import aws
from local.session import Session
from shared.contracts import Contract
from shared.ingestion import COPY, Ingest, Store
from shared.ledger.model import FileId
from shared.project import domains_folder, shown
from shared.records import Limits

RUN = "try"
LONGEST = 600  # characters of a message
# What a domain's own code raises. Only what passed through the domain's files is its mistake, anything else a
# bug.
OF_CODE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    NameError,
    SyntaxError,
    TypeError,
    ValueError,
)
OF_ENGINE = (PySparkException, Py4JError, RuntimeError)
_IN_WORKER = re.compile(r"^(?!pyspark)[A-Za-z_][\w.]*(?:Error|Exception): .*", re.MULTILINE)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Tried:
    """A lake after a trial. `failures`: by step, what went wrong with it; the steps after it did not run."""

    contract: Contract
    lake: Session
    sources: Mapping[str, Placed]
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def job(self) -> Job:
        return Job(self.lake.names, self.contract, RUN)


def tried(engine: Engine, contract: Contract, files: Sequence[Placed], *, gold: bool) -> Tried:
    """A lake of its own with these files in it, through the steps of a real run.

    Gold is computed whatever the gate says, and the report says what the gate says.
    """
    lake = engine.lake(f"try{next(_numbers)}", contract.domain)
    ingest(lake, files)
    job = Job(lake.names, contract, RUN)
    clients = aws(job)

    def silver_step() -> None:
        bronze_to_silver.main(engine.spark, job, clients)

    def gold_step() -> None:
        silver_to_gold.main(engine.spark, job, transforms_of(contract.domain), clients)

    steps: dict[str, Callable[[], None]] = {"silver": silver_step}
    if gold and contract.gold:
        steps["gold"] = gold_step
    return Tried(contract, lake, {f.key: f for f in files}, _first_failure(steps))


def ingest(lake: Session, files: Sequence[Placed]) -> None:
    """Each file into raw and through ingestion, one after the other: of equal files the first counts."""
    s3, raw = lake.client("s3"), lake.names.bucket("raw")
    store = Store(s3, TransferConfig(**COPY))
    take = Ingest(lake.names, lake.ledger, store, Limits(), lambda: dt.datetime.now(dt.UTC))
    for number, file in enumerate(files, start=1):
        s3.upload_file(str(file.source), raw, file.key)
        version = f"{number:016X}"  # the bucket has no versions: the sequencer stands for them
        list(take.outcomes(FileId(raw, file.key, version, version), RUN))


def _first_failure(steps: Mapping[str, Callable[[], None]]) -> dict[str, str]:
    for name, step in steps.items():
        try:
            step()
        except (*OF_CODE, *OF_ENGINE) as error:
            place = _place_in_domain(error)
            if place is None and not isinstance(error, (*OF_ENGINE, LookupError, ImportError)):
                raise
            return {name: _message(error, place)}
    return {}


def _place_in_domain(error: BaseException) -> str | None:
    """File, line and function of a domain's own code in which an error arose, if it did."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).is_relative_to(domains_folder())]
    return f"{shown(Path(own[-1].filename))}:{own[-1].lineno}, {own[-1].name}" if own else None


def _message(error: BaseException, place: str | None) -> str:
    """What was raised; of a transform that fails on a row also what Python or Spark said, which the jobs do
    not write into their logs: it may quote the row.
    """
    words, cause = _words(error), error.__cause__
    if isinstance(error, TransformError) and isinstance(cause, PySparkException):
        said = _words(cause)
        words += "" if said in words else f" ({said})"
    return f"{place}: {words[:LONGEST]}" if place else words[:LONGEST]


def _words(error: BaseException) -> str:
    """Without the plan or the stack that Spark puts around it."""
    text = str(error)
    if "Traceback (most recent call last)" in text and (raised := _IN_WORKER.findall(text)):
        # By a Python process of Spark's, whose traceback ends with it.
        return str(raised[-1])
    first = text.split(";\n", 1)[0].split("\n\n", 1)[0].strip()
    return f"{type(error).__name__}: {first}"
