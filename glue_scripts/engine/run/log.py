"""What the jobs log: JSON lines on standard output, on AWS and on the laptop alike.

Names, numbers and reasons only; never a value of a row.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
from typing import Any, TextIO

from glue_scripts.engine.run.job import Job

FIELDS = "fields"  # the attribute of a log record under which its fields travel


class JsonLines(logging.Formatter):
    """One JSON object a line: time (UTC), level, message, and the fields of the event."""

    def format(self, record: logging.LogRecord) -> str:
        time = dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname, "message": record.getMessage()}
        return json.dumps(line | getattr(record, FIELDS, {}), ensure_ascii=False, default=str)


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Looks standard output up for each line: whoever redirects it later gets the lines too."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        self.setFormatter(JsonLines())

    @property
    def stream(self) -> TextIO:
        return sys.stdout

    @stream.setter
    def stream(self, _: TextIO) -> None:
        pass


LOGGER = logging.getLogger("lakehouse")
LOGGER.setLevel(logging.INFO)
LOGGER.addHandler(_StandardOutput())
LOGGER.propagate = False  # Glue's root logger would print each line a second time


def info(job: Job, message: str, *, dataset: str | None = None, **fields: Any) -> None:
    """One line about a run, and about one of its datasets where there is one."""
    _log(logging.INFO, job, message, dataset, fields)


def warning(job: Job, message: str, *, dataset: str | None = None, **fields: Any) -> None:
    """The same for what somebody should look at, though the run goes on."""
    _log(logging.WARNING, job, message, dataset, fields)


def _log(level: int, job: Job, message: str, dataset: str | None, fields: dict[str, Any]) -> None:
    context = {"run_id": job.run_id, "domain": job.domain, **({"dataset": dataset} if dataset else {})}
    LOGGER.log(level, "%s", message, extra={FIELDS: context | fields})
