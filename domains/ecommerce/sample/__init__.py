"""E-commerce sample: a clean truth first, what must come of it second, the mess last."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from domains.ecommerce.sample import oracle
from domains.ecommerce.sample.corrupt import corrupt_files
from domains.ecommerce.sample.mess import Injected, with_mess
from domains.ecommerce.sample.producers import body, style
from domains.ecommerce.sample.truth import DAY, SHARES, TIMES, TRUTHS, Columns, Period, Pools, pools, users_of

START = dt.date(2026, 1, 1)
ROWS_PER_FILE = 4000
FEWEST_FILES = 2  # per dataset and day
LATE_SHARE = 0.04
TWINS = 3
FOLDERS = ("{day}/shop", "{day:%Y/%m/%d}", "exports/{day}", "partner a/{day}")


ROWS = 200_000
HEADLINES = {
    "daily_revenue": "select * from gold.daily_revenue order by date",
    "daily_active_users": "select * from gold.daily_active_users order by date",
    "user_ltv_top": "select * from gold.user_ltv order by ltv desc, user_id limit 20",
}


@dataclass
class Outcome:
    """Counts of files and records, kept while they are written."""

    files: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)


def generate(
    rows: int, days: int, seed: int, out: Path, *, start: dt.date = START, progress: bool = True
) -> dict[str, Any]:
    """Writes raw/, truth/ and expected.json below `out` and returns what is expected.

    The same arguments give the same bytes.

    `rows` is about the number of true records over all three datasets.
    """
    shutil.rmtree(out, ignore_errors=True)
    period, pool = Period(start, days), pools(seed)
    truth = {n: _truth(np.random.default_rng([seed, i]), n, rows, period, pool) for i, n in enumerate(TRUTHS)}
    users, history = oracle.users_and_history(truth["users"])
    tables = {
        "events": truth["events"],
        "users_updates": truth["users"],
        "transactions": truth["transactions"],
        "users": users,
    }
    oracle.write_truth(
        out / "truth", {n: oracle.table(c) for n, c in {**tables, "users_history": history}.items()}
    )
    silver = {f"silver/{n}": len(c["user_id"]) for n, c in {**tables, "users_history": history}.items()}
    done, injected = Outcome(), {n: Injected() for n in TRUTHS}
    with tqdm(
        total=sum(len(t["spelling"]) for t in truth.values()),
        unit=" rows",
        desc="generate",
        disable=not progress,
    ) as bar:
        for i, (name, columns) in enumerate(truth.items()):
            rng = np.random.default_rng([seed, 100 + i])
            written = bar.n + len(columns["spelling"])
            _write(
                rng,
                name,
                with_mess(rng, name, columns, period, injected[name]),
                period,
                out,
                done,
                bar.update,
            )
            bar.update(written - bar.n)  # the mess adds records and takes some away
    _write_corrupt(np.random.default_rng([seed, 200]), out, done)
    gold = oracle.gold(out / "truth")
    expected = {
        "domain": "ecommerce",
        "seed": seed,
        "rows_asked": rows,
        "days": days,
        "files": {
            "received": sum(done.files.values()),
            **{k: done.files[k] for k in ("accepted", "quarantined", "duplicate")},
        },
        "file_reasons": dict(sorted(done.reasons.items())),
        "rows": {n: _counts(truth[n], injected[n], done.broken[n]) for n in TRUTHS},
        "quarantine": dict(sorted(_reasons(injected, done).items())),
        **gold,
        "tables": {**silver, **gold["tables"]},
    }
    (out / "expected.json").write_text(json.dumps(expected, indent=1))
    return expected


def _truth(rng: np.random.Generator, dataset: str, rows: int, period: Period, pool: Pools) -> Columns:
    users = users_of(max(20, int(rows * SHARES["users"] / 3)))
    return TRUTHS[dataset](rng, max(50, int(rows * SHARES[dataset])), period, pool, users)


def _counts(truth: Columns, injected: Injected, broken: int) -> dict[str, int]:
    """Where a dataset's records must go."""
    written, quarantined = len(truth["spelling"]), injected.dirty + broken
    again = injected.older + injected.repeated
    return {
        "read": written + again + quarantined,
        "written": written,
        "quarantined": quarantined,
        "deduplicated": again,
    }


def _reasons(injected: dict[str, Injected], done: Outcome) -> Counter[str]:
    reasons = sum((i.reasons for i in injected.values()), Counter())
    reasons["corrupt_record"] += sum(done.broken.values())
    return reasons


def _write(
    rng: np.random.Generator,
    dataset: str,
    columns: Columns,
    period: Period,
    out: Path,
    done: Outcome,
    advance: Callable[[int], object],
) -> None:
    """Spreads the records over files, by the day they arrive, and writes those."""
    count = len(columns["spelling"])
    a_day = max(FEWEST_FILES, round(count / ROWS_PER_FILE / period.days))
    day = np.array([_day(t, period, rng) for t in columns[TIMES[dataset]].tolist()])
    late = rng.random(count) < LATE_SHARE
    day[late] = np.minimum(day[late] + rng.integers(1, 3, late.sum()), period.days - 1)
    number = day * a_day + rng.integers(0, a_day, count)
    order = rng.permutation(count)
    order = order[np.argsort(number[order], kind="stable")]
    bounds = np.searchsorted(number[order], np.arange(period.days * a_day + 1))
    dirty = np.array([d is not None for d in columns["dirt"]])
    held = np.empty(0, dtype=np.int64)
    for n in range(period.days * a_day):
        rows = np.concatenate([held, order[bounds[n] : bounds[n + 1]]])
        how = style(rng, n, len(rows))
        if (
            how.suffix == ".parquet" and n + 1 < period.days * a_day
        ):  # typed files cannot hold dirt: the next file does
            held, rows = rows[dirty[rows]], rows[~dirty[rows]]
        else:
            held = np.empty(0, dtype=np.int64)
        if len(rows) == 0:
            continue
        if how.suffix == ".parquet" and dirty[rows].any():
            how = style(rng, n + 1, len(rows))
        done.broken[dataset] += how.broken
        content = body(rng, dataset, columns, rows, how)
        _write_file(rng, dataset, n, a_day, how.suffix, content, period, out, done)
        advance(len(rows))


def _day(moment: Any, period: Period, rng: np.random.Generator) -> int:
    """The day of a record; one whose time is no time of the period comes on any day."""
    inside = isinstance(moment, int) and period.begin <= moment < period.end
    return (moment - period.begin) // DAY if inside else int(rng.integers(0, period.days))


def _write_file(
    rng: np.random.Generator,
    dataset: str,
    n: int,
    a_day: int,
    suffix: str,
    content: bytes,
    period: Period,
    out: Path,
    done: Outcome,
) -> None:
    """Writes a file where a producer would, some under a misleading name, some twice.

    Base names recur from folder to folder.
    """
    day = period.start + dt.timedelta(days=n // a_day)
    folder = out / "raw" / "ecommerce" / dataset / FOLDERS[n % len(FOLDERS)].format(day=day)
    folder.mkdir(parents=True, exist_ok=True)
    wrong = {".csv": ".json", ".ndjson.gz": ".csv", ".ndjson": ".gz"}
    named = wrong.get(suffix, suffix) if rng.random() < 0.05 else suffix
    (folder / f"{dataset}-{n % a_day:03d}{named}").write_bytes(content)
    done.files["accepted"] += 1
    if n < TWINS:
        (folder / f"again {dataset}-{n}{suffix}").write_bytes(content)
        done.files["duplicate"] += 1


def _write_corrupt(rng: np.random.Generator, out: Path, done: Outcome) -> None:
    folder = out / "raw" / "ecommerce" / "events" / "broken"
    folder.mkdir(parents=True, exist_ok=True)
    for name, (reason, content) in corrupt_files(rng).items():
        (folder / name).write_bytes(content)
        done.files["quarantined"] += 1
        done.reasons[reason] += 1
