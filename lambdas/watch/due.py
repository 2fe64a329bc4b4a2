"""When a domain's run starts by itself: many files cost one run, no file waits longer than it must, and a day
has no more runs than somebody decided to pay for.
"""

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
    """A run starts at so many waiting files, or when the oldest has waited so long; `runs_a_day` at most are
    started on a day, UTC.
    """

    files: int
    wait: dt.timedelta
    runs_a_day: int

    def runs_until(self, now: dt.datetime) -> int:
        """How many of the day's runs may have begun by now: one, and the share of the time that has passed.
        What a quiet morning leaves is there for the afternoon, and no file waits for the next day.
        """
        passed = (now - midnight(now)) / dt.timedelta(days=1)
        return min(self.runs_a_day, 1 + int(self.runs_a_day * passed))

    def next_share(self, now: dt.datetime) -> dt.datetime:
        """When one more run may begin than now."""
        shares = self.runs_until(now)
        share = dt.timedelta(days=1) / self.runs_a_day
        return midnight(now) + (dt.timedelta(days=1) if shares == self.runs_a_day else shares * share)


def midnight(now: dt.datetime) -> dt.datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def is_due(situation: Situation, patience: Patience, now: dt.datetime) -> bool:
    """After a failed run only files that came later count: what made it fail would make it fail again, and
    each try is paid for.
    """
    if situation.running or situation.gate_closed:
        return False
    since = situation.failed_at
    fresh = [a for a in situation.arrivals if since is None or a > since]
    return bool(fresh) and (len(fresh) >= patience.files or now - min(fresh) >= patience.wait)
