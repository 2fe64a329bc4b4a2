"""What the ledger remembers of datasets rather than of files or runs: their days, what is usual, and columns
that no contract knows.

Items: `observed#<domain>`, one per dataset and kind of observation (watch and status read a domain's in one
query); `days#<domain>/<dataset>`, one per day.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from typing import Any

from shared.ledger.table import LedgerTable
from shared.unknown_columns import UnknownColumns
from shared.usual.days import Day, Rates

KEPT_DAYS = 400


@dataclass(frozen=True)
class Learnt:
    """What the last run learnt of a dataset. Days before and on `through` are counted; `before` is how far
    they were when that run began.

    `day`, `rows` and bounds: its last complete day with files; `gap_hours`: how long it may be silent.
    """

    run_id: str
    through: str
    before: str | None = None
    day: str | None = None
    rows: int | None = None
    low: int | None = None
    high: int | None = None
    gap_hours: float | None = None


@dataclass(frozen=True)
class Observed:
    """Of one dataset."""

    learnt: Learnt | None = None
    unknown: UnknownColumns = field(default_factory=UnknownColumns)


class Observations(LedgerTable):
    """Days, what is usual, unknown columns."""

    def observed(self, domain: str) -> dict[str, Observed]:
        """By dataset; those of which nothing is known are not in it."""
        found: dict[str, dict[str, Any]] = {}
        for item in self._query("pk = :p", {":p": f"observed#{domain}"}):
            kind, _, dataset = item["sk"].partition("#")
            value = UnknownColumns.from_json(item["value"]) if kind == "unknown" else None
            found.setdefault(dataset, {})[kind] = value or Learnt(**json.loads(item["value"]))
        return {dataset: Observed(**values) for dataset, values in found.items()}

    def note_unknown_columns(self, domain: str, dataset: str, report: UnknownColumns) -> None:
        self._note(domain, f"unknown#{dataset}", report.to_json())

    def note_learnt(self, domain: str, dataset: str, learnt: Learnt) -> None:
        self._note(domain, f"learnt#{dataset}", json.dumps(asdict(learnt)))

    def days(self, domain: str, dataset: str, since: dt.date) -> list[Day]:
        """The days since a date, in order."""
        values = {":p": f"days#{domain}/{dataset}", ":s": since.isoformat()}
        return [_day(item) for item in self._query("pk = :p AND sk >= :s", values)]

    def note_day(self, domain: str, dataset: str, day: Day) -> None:
        """How many files and rows came on a day, in the place of what was known of that."""
        self._set(domain, dataset, day.date, {"files": day.files, "records": day.rows})

    def add_rates(self, domain: str, dataset: str, date: dt.date, rates: Rates) -> None:
        """Adds what a run judged; a run that crashed and was done again counts twice, which changes no
        share.
        """
        known = self._get({"pk": f"days#{domain}/{dataset}", "sk": date.isoformat()})
        total = (_day(known).rates if known else Rates()) + rates
        self._set(domain, dataset, date, {"rates": json.dumps(asdict(total))})

    def _note(self, domain: str, sort_key: str, value: str) -> None:
        self._patiently(
            self._table.put_item, Item={"pk": f"observed#{domain}", "sk": sort_key, "value": value}
        )

    def _set(self, domain: str, dataset: str, date: dt.date, values: dict[str, Any]) -> None:
        expires = dt.datetime.combine(date, dt.time(), dt.UTC) + dt.timedelta(days=KEPT_DAYS)
        values = {**values, "expires_at": int(expires.timestamp())}
        self._patiently(
            self._table.update_item,
            Key={"pk": f"days#{domain}/{dataset}", "sk": date.isoformat()},
            UpdateExpression="SET " + ", ".join(f"#{n} = :{n}" for n in values),
            ExpressionAttributeNames={f"#{n}": n for n in values},
            ExpressionAttributeValues={f":{n}": v for n, v in values.items()},
        )


def _day(item: dict[str, Any]) -> Day:
    rates = Rates(**json.loads(item["rates"])) if "rates" in item else Rates()
    files, rows = (int(item.get(n, 0)) for n in ("files", "records"))
    return Day(dt.date.fromisoformat(item["sk"]), files, rows, rates)
