"""What a lakehouse holds after its runs, read from the ledger and from the tables themselves."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from domains.samples import sample_of, sampled_domains
from local import athena
from local.session import Session
from shared.contracts import Contract, contract
from shared.ledger.model import OUTCOMES, FileStatus, LedgerFile, RowCounts, RunResult


@dataclass(frozen=True)
class Results:
    """Counts of files by outcome and by reason, of rows by fate and dataset and by reason, of rows by table,
    and the domain's reports.
    """

    domain: str
    files: dict[str, int]
    file_reasons: dict[str, int]
    rows: dict[str, dict[str, int]]
    quarantine: dict[str, int]
    tables: dict[str, int]
    balanced: bool
    headlines: dict[str, list[dict[str, Any]]]

    def document(self, seconds: dict[str, float]) -> dict[str, Any]:
        """The machine's form."""
        values = asdict(self)
        return {**values, **values.pop("headlines"), "seconds": {k: round(v, 2) for k, v in seconds.items()}}


def results_of(session: Session, domain: str) -> Results:
    runs, every = session.ledger.runs(domain), session.ledger.files(domain)
    files = file_counts(every)
    rows = {
        d: sum((r.rows for r in runs if r.dataset == d), RowCounts())
        for d in sorted({r.dataset for r in runs})
    }
    return Results(
        domain,
        files,
        file_reasons(every),
        {dataset: asdict(counts) for dataset, counts in rows.items()},
        dict(sorted(reasons(runs).items())),
        table_counts(session, contract(domain)),
        balanced(files, runs),
        {name: _report(session, sql, domain) for name, sql in _headlines(domain).items()},
    )


def _headlines(domain: str) -> dict[str, str]:
    return sample_of(domain).headlines if domain in sampled_domains() else {}


def file_counts(files: Iterable[LedgerFile]) -> dict[str, int]:
    """Files received and their outcomes, those that not every lake has only where there are any; a file that
    is in work or waits for the bronze job is received and nothing else.
    """
    counts = Counter(file.status for file in files)
    shown = [s for s in OUTCOMES if counts[s] or s not in (FileStatus.IGNORED, FileStatus.UNPACKED)]
    return {"received": counts.total(), **{status.value: counts[status] for status in shown}}


def file_reasons(files: Iterable[LedgerFile]) -> dict[str, int]:
    """Quarantined files by reason."""
    return dict(
        sorted(Counter(file.reason or "" for file in files if file.status is FileStatus.QUARANTINED).items())
    )


def reasons(runs: list[RunResult]) -> Counter[str]:
    return sum((Counter(r.reasons) for r in runs), Counter())


def balanced(files: dict[str, int], runs: list[RunResult]) -> bool:
    """Nothing dropped in silence: every file has one outcome, every record of every run one fate."""
    return files["received"] == sum(n for name, n in files.items() if name != "received") and all(
        r.rows.balanced for r in runs
    )


def table_counts(session: Session, agreed: Contract) -> dict[str, int]:
    """Rows of every table of the contract; a table that no run has made has none."""
    catalog, counts = athena.catalog_of(session), {}
    for table in agreed.tables:
        name = (session.names.database(agreed.domain, table.zone), table.name)
        counts[f"{table.zone}/{table.name}"] = (
            catalog.load_table(name).scan().count() if catalog.table_exists(name) else 0
        )
    return counts


def _report(session: Session, sql: str, domain: str) -> list[dict[str, Any]]:
    answer = athena.run(session, sql, [domain], domain)
    return [
        {name: plain(value) for name, value in zip(answer.columns, row, strict=True)} for row in answer.rows
    ]


def plain(value: Any) -> Any:
    """A cell as JSON can hold it: times in UTC without an offset, exact numbers as text."""
    match value:
        case dt.datetime():
            return (value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value).isoformat()
        case dt.date():
            return value.isoformat()
        case int() | str() | None:
            return value
        case _:
            return str(value)


def differences(expected: Any, actual: Any, where: str = "") -> list[str]:
    """Every place at which what was found is not what was expected.

    What nobody expects must be absent or 0.
    """
    match expected, actual:
        case dict(), dict():
            keys = [*expected, *(k for k in actual if k not in expected)]
            return [
                d
                for k in keys
                for d in differences(
                    expected.get(k, 0), actual.get(k, 0), f"{where}/{k}" if where else str(k)
                )
            ]
        case list(), list() if len(expected) == len(actual):
            return [
                d
                for i, (e, f) in enumerate(zip(expected, actual, strict=True))
                for d in differences(e, f, f"{where}[{i}]")
            ]
        case [dict(), *_], list():
            missing = [f"{where}: no {row}" for row in expected if row not in actual]
            return missing + [
                f"{where}: {row} was not expected" for row in actual if row not in expected
            ] or [f"{where}: expected {len(expected)} rows, found {len(actual)}"]
        case _:
            return [] if expected == actual else [f"{where}: expected {expected}, found {actual}"]
