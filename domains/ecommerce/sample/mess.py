"""The mess on top of the truth: older versions, repetitions, dirty rows.

Everything injected is counted where it is injected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from domains.ecommerce.sample.truth import DAY, KEYS, SECOND, TIMES, Columns, Period

OLDER, REPEATED, DIRTY, TWICE = 0.03, 0.02, 0.004, 0.1
EARLY, LATE = 915_148_800 * SECOND, 6_942_672_000 * SECOND  # 1999-01-01, 2190-01-01


@dataclass
class Injected:
    """What was put among the records of a dataset on purpose."""

    older: int = 0
    repeated: int = 0
    dirty: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


def taken(columns: Columns, rows: np.ndarray) -> Columns:
    return {name: values[rows].copy() for name, values in columns.items()}


def joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def with_mess(
    rng: np.random.Generator, dataset: str, truth: Columns, period: Period, injected: Injected
) -> Columns:
    """The truth's records and what else producers send, each with `dirt`: the reasons for which it must be
    quarantined, or None.
    """
    truth = {**truth, "dirt": np.full(len(truth["spelling"]), None, dtype=object)}
    parts = [truth, _repeated(rng, truth, injected)]
    if dataset != "users":
        parts.append(_older(rng, dataset, truth, period, injected))
    parts.append(_dirty(rng, dataset, truth, injected))
    return joined(parts)


def _repeated(rng: np.random.Generator, truth: Columns, injected: Injected) -> Columns:
    """Exact repetitions of records, in the same file or another."""
    rows = np.flatnonzero(rng.random(len(truth["spelling"])) < REPEATED)
    injected.repeated += len(rows)
    return taken(truth, rows)


def _older(
    rng: np.random.Generator, dataset: str, truth: Columns, period: Period, injected: Injected
) -> Columns:
    """Versions that the true record replaces: an earlier time, or, for transactions, the same time and not
    delivered yet.
    """
    time = TIMES[dataset]
    rows = np.flatnonzero(rng.random(len(truth["spelling"])) < OLDER)
    rows = rows[truth[time][rows] - 2 * DAY > period.begin]
    old = taken(truth, rows)
    old[time] = old[time] - old[time] % SECOND - rng.integers(1, 86_400, len(rows)) * SECOND
    old["spelling"] = np.full(len(rows), "iso_z", dtype=object)
    old["amount"] = np.array([1 if a is None else a + 1 for a in old["amount"]], dtype=object)
    if dataset == "transactions":
        same = np.array([d is not None for d in old["delivered_at"]], dtype=bool) & (
            rng.random(len(rows)) < 0.5
        )
        old[time][same] = truth[time][rows][same]
        old["spelling"][same] = truth["spelling"][rows][same]
        old["delivered_at"] = np.full(len(rows), None, dtype=object)
        old["status"] = np.full(len(rows), "pending", dtype=object)
    injected.older += len(rows)
    return old


def _dirty(rng: np.random.Generator, dataset: str, truth: Columns, injected: Injected) -> Columns:
    """Rows that must be quarantined, under keys that no clean row has."""
    kinds = [k for k in DIRT if dataset in DIRT[k][1]]
    count = max(2 * len(kinds), int(len(truth["spelling"]) * DIRTY))
    rows = rng.integers(0, len(truth["spelling"]), count)
    bad = {n: v.astype(object) for n, v in taken(truth, rows).items()}
    bad[KEYS[dataset]] = np.array([f"{KEYS[dataset][0]}-dirty-{i}" for i in range(count)], dtype=object)
    for i in range(count):
        _spoil(bad, i, dataset, kinds[i % len(kinds)], injected.reasons)
        if rng.random() < TWICE and kinds[i % len(kinds)] == "missing_key":
            _spoil(bad, i, dataset, "bad_age", injected.reasons)
    injected.dirty += count
    return bad


def _spoil(bad: Columns, i: int, dataset: str, kind: str, reasons: Counter[str]) -> None:
    reason, _, values = DIRT[kind]
    for name, value in values.items():
        column = {"key": KEYS[dataset], "time": TIMES[dataset]}.get(name, name)
        bad[column][i] = value
    if kind == "early_delivery":
        bad["delivered_at"][i] = bad["created_at"][i] - 5 * DAY
    if kind == "far" and dataset == "transactions":
        bad["delivered_at"][i] = None
    bad["dirt"][i] = (*(bad["dirt"][i] or ()), reason)
    reasons[reason] += 1


class Verbatim(str):
    """A value to be written as it is, whatever the column's usual form."""

    __slots__ = ()


ALL = ("events", "users", "transactions")
DIRT: dict[str, tuple[str, tuple[str, ...], dict[str, Any]]] = {
    "missing_key": ("missing_key", ALL, {"key": None}),
    "missing_time": ("missing_timestamp", ALL, {"time": None}),
    "early": ("out_of_range", ALL, {"time": EARLY, "spelling": "iso_z"}),
    "far": ("impossible_timestamp", ALL, {"time": LATE, "spelling": "blank"}),
    "no_time": ("invalid_type", ALL, {"time": Verbatim("yesterday")}),
    "no_age": ("invalid_type", ALL, {"age": Verbatim("abc")}),
    "no_amount": ("invalid_type", ("events", "transactions"), {"amount": Verbatim("12,x")}),
    "negative": ("negative_amount", ("transactions",), {"amount": -500}),
    "bad_email": ("invalid_value", ALL, {"email": "nobody"}),
    "bad_age": ("invalid_value", ALL, {"age": 200}),
    "early_delivery": ("invalid_value", ("transactions",), {}),
}
