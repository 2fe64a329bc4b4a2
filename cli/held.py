"""Whether the watch holds a domain's runs back, because the day has had those that are paid for."""

from __future__ import annotations

import datetime as dt

from lambdas.watch.due import Patience, midnight
from lambdas.watch.pipelines import Pipelines
from local.session import Session
from stacks.config import settings


def held_until(session: Session, domain: str, now: dt.datetime) -> dt.datetime | None:
    """When the next run may begin by itself; None where it may now, or where none ever does."""
    chosen = settings(session.names.env)
    if not chosen.scheduled:
        return None
    patience = Patience(chosen.start_files, dt.timedelta(minutes=chosen.start_minutes), chosen.runs_a_day)
    pipelines = Pipelines(session.names, session.client("stepfunctions"))
    begun = pipelines.begun_since(domain, midnight(now))
    return patience.next_share(now) if begun >= patience.runs_until(now) else None
