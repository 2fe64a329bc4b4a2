"""When a domain's run starts by itself: many files cost one run, and no file waits longer than it must."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Situation:
    """What is known of a domain.

    `arrivals` are the times of its pending files; `failed_at` is when its last run began, if that failed.
    """

    arrivals: Sequence[dt.datetime]
    running: bool = False
    gate_closed: bool = False
    failed_at: dt.datetime | None = None


@dataclass(frozen=True)
class Patience:
    """A run starts at so many waiting files, or when the oldest has waited so long."""

    files: int
    wait: dt.timedelta


def is_due(situation: Situation, patience: Patience, now: dt.datetime) -> bool:
    """After a failed run only files that came later count: what made it fail would make it fail again, and
    each try is paid for.
    """
    if situation.running or situation.gate_closed:
        return False
    since = situation.failed_at
    fresh = [a for a in situation.arrivals if since is None or a > since]
    return bool(fresh) and (len(fresh) >= patience.files or now - min(fresh) >= patience.wait)
