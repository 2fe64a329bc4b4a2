"""The end of what a Glue job run wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.session import Session
from shared.names import JOB_LOGS

LINES = 200
TAIL_BYTES = 200_000


def log_tail(session: Session, job_run: Mapping[str, Any]) -> str:
    """The last lines; nothing where there are none (yet)."""
    if session.state is not None:
        lines = _of_file(Path(session.log_of(job_run)))
    else:
        lines = [line for group in _groups(session, job_run) for line in _of_group(session, group, job_run)]
    return "\n".join(lines[-LINES:])


def _of_file(log: Path) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()


def _groups(session: Session, job_run: Mapping[str, Any]) -> Iterator[str]:
    prefix = str(job_run.get("LogGroupName", JOB_LOGS)).rstrip("/")
    pages = session.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    yield from (group["logGroupName"] for page in pages for group in page["logGroups"])


def _of_group(session: Session, group: str, job_run: Mapping[str, Any]) -> Iterator[str]:
    """Of each stream of the job run: the driver's, and its executors'."""
    logs = session.client("logs")
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=str(job_run["Id"]))
    for stream in found["logStreams"]:
        events = logs.get_log_events(
            logGroupName=group, logStreamName=stream["logStreamName"], limit=LINES, startFromHead=False
        )["events"]
        yield from (str(event["message"]).rstrip("\n") for event in events)
