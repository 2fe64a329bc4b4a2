"""What the door learns of a file while its records pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.contracts import Dataset, folded
from shared.records.dates import DateCount


@dataclass
class Tally:
    """Counts, columns and dates. `plain`: whether Spark's own reader would see the same records."""

    dataset: Dataset
    records: int = 0
    unreadable: int = 0
    plain: bool = True
    multiline: bool = False
    columns: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    delimiter: str = ","
    dates: DateCount = field(default_factory=DateCount)

    @property
    def knows_a_column(self) -> bool:
        return any(folded(c) in self.dataset.aliases for c in self.columns)

    def date_columns(self, columns: tuple[str, ...]) -> list[str]:
        """The columns that carry the event date, by any of its spellings."""
        return [c for c in columns if self.dataset.aliases.get(folded(c)) == self.dataset.event_date_column]
