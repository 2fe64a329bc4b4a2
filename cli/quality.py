"""What is known of a dataset's quality: a run's figures against the contract's thresholds, null rates, and
how its days compare with what is usual.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from glue_scripts.engine.silver.gate import crossed
from shared.contracts import Dataset
from shared.ledger.model import RunResult
from shared.metrics import NULL_JUMP, null_rate
from shared.usual import WINDOW_DAYS, Day, volume_usual

NULL_RATE = null_rate("")
Word = Literal["kept", "warned", "halted", "too few rows", "not measured"]
CROSSED: dict[str, Word] = {"warn": "warned", "halt": "halted"}


@dataclass(frozen=True)
class Verdict:
    """A threshold of the contract, and what a run's figure was; None where the run has no such figure."""

    metric: str
    value: float | None
    maximum: float
    action: str
    word: Word


@dataclass(frozen=True)
class Volume:
    """A day's files and rows; `low` and `high`: what is usual on its weekday, where that is known."""

    date: dt.date
    files: int
    rows: int
    low: int | None = None
    high: int | None = None

    @property
    def unusual(self) -> bool:
        return self.low is not None and self.high is not None and not self.low <= self.rows <= self.high


def verdicts(dataset: Dataset, result: RunResult) -> list[Verdict]:
    """Of all thresholds of a dataset, in the contract's order, as the quality gate judged a run."""
    thresholds = dataset.target.thresholds
    found = crossed(thresholds, result.metrics)
    rows = result.metrics.get("total_rows", 0)
    verdict: list[Verdict] = []
    for threshold in thresholds:
        value = result.metrics.get(threshold.metric)
        word: Word = "kept"
        if threshold in found:
            word = CROSSED[threshold.action]
        elif value is None:
            word = "not measured"
        elif rows < threshold.minimum_rows:
            word = "too few rows"
        verdict.append(Verdict(threshold.metric, value, threshold.maximum, threshold.action, word))
    return verdict


def null_rates(result: RunResult) -> dict[str, float]:
    """By column, the highest first; shares of the good rows of a run."""
    rates = {
        name.removeprefix(NULL_RATE): rate
        for name, rate in result.metrics.items()
        if name.startswith(NULL_RATE) and name != NULL_JUMP
    }
    return dict(sorted(rates.items(), key=lambda pair: (-pair[1], pair[0])))


def volumes(days: Sequence[Day], shown: int = WINDOW_DAYS) -> list[Volume]:
    """The newest days that had files, oldest first, each beside what was usual before it."""
    known = sorted((d for d in days if d.files), key=lambda day: day.date)
    return [_volume(known, day) for day in known[-shown:]]


def _volume(known: Sequence[Day], day: Day) -> Volume:
    usual = volume_usual(known, day.date)
    low, high = usual.bounds() if usual else (None, None)
    return Volume(day.date, day.files, day.rows, low, high)
