"""The input of a state machine: what was asked for and nothing else."""

from __future__ import annotations

import datetime as dt
from typing import Any

from local.errors import LakeError
from shared.contracts import contract
from shared.reasons import FileReason


def run_request(
    domain: str,
    lake: str,
    *,
    from_date: dt.date | None = None,
    to_date: dt.date | None = None,
    full_refresh: bool = False,
    accept_gate: bool = False,
    maintenance: bool = False,
) -> dict[str, Any]:
    """Of a run. `lake`: the option that names the lake. Raises LakeError for dates in the wrong order."""
    if from_date and to_date and from_date > to_date:
        raise LakeError(
            f"--from-date {from_date} is after --to-date {to_date}: nothing was started",
            f"./lake run {domain}{lake} --from-date {to_date} --to-date {from_date}",
        )
    dates = {"from_date": from_date, "to_date": to_date}
    switches = {"full_refresh": full_refresh, "accept_gate": accept_gate, "maintenance": maintenance}
    return {
        **{name: date.isoformat() for name, date in dates.items() if date is not None},
        **{name: True for name, asked in switches.items() if asked},
    }


def replay_request(
    domain: str,
    lake: str,
    dataset: str | None = None,
    reason: str | None = None,
    since: dt.date | None = None,
) -> dict[str, Any]:
    """Of a run that judges quarantined files and rows again. Raises LakeError for what the domain does not
    have.
    """
    datasets = [d.name for d in contract(domain).datasets]
    if dataset not in (None, *datasets):
        raise LakeError(
            f"--dataset: {domain} has no dataset {dataset!r}; expected one of {', '.join(datasets)}",
            "name one of these",
        )
    if since and since > dt.datetime.now(dt.UTC).date():
        raise LakeError(
            f"--since: {since} is yet to come; nothing can have been quarantined since",
            "name a day of the past, or leave it out",
        )
    reasons = (*FileReason, *contract(domain).row_reasons)
    if reason not in (None, *reasons):
        raise LakeError(
            f"--reason: {reason!r} is not a reason of {domain}; expected one of {', '.join(reasons)}",
            f"name one of these; ./lake status {domain}{lake} --reasons says which there are",
        )
    asked = {"dataset": dataset, "reason": reason, "since": since}
    return {"replay": {name: str(value) for name, value in asked.items() if value is not None} or True}
