"""Whether a file contradicts its contract as a whole: values of a column do not fit the declared order of day
and month, or the declared decimal mark, and all fit the other one. Then those that did fit are wrong, too.

Only columns with such a spelling are looked at, and each only until a value fits the declared way alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts import Dataset
from shared.reasons import FileReason
from shared.records.verdict import Unreadable
from shared.values.plan import BLANKS
from shared.values.swapped import Question, date_order, decimal_mark

SHOWN = 5  # of the records at fault
WHAT = {FileReason.DATE_ORDER_CONTRADICTED: "dates", FileReason.DECIMAL_MARK_CONTRADICTED: "numbers"}


@dataclass
class Watch:
    """What was seen of a column. `open`: no value has fitted the declared way alone."""

    column: str
    reason: FileReason
    question: Question
    fitting: int = 0
    others: int = 0
    records: list[int] = field(default_factory=list)
    open: bool = True

    def see(self, texts: Iterable[Any], values: Sequence[Any], before: int) -> None:
        """Takes some texts among the values of several records; `before`: how many records came before."""
        for text in texts:
            if text.__class__ is str and self.open:
                self._see(text, values, before)

    def _see(self, text: str, values: Sequence[Any], before: int) -> None:
        bare, question = text.strip(BLANKS), self.question
        if not question.asks(bare):
            return
        fits, fits_other = question.fits(bare), question.fits_other(bare)
        if fits and not fits_other:
            self.open = False
        elif fits:
            self.fitting += 1
        elif fits_other:
            self.others += 1
            if len(self.records) < SHOWN:
                number = before + values.index(text) + 1
                self.records.append(number)

    @property
    def detail(self) -> str:
        shown = ", ".join(map(str, dict.fromkeys(self.records)))
        return (
            f"{self.others} of {self.others + self.fitting} {WHAT[self.reason]} of {self.column} do not fit"
            f" {self.question.declared}, and all fit {self.question.other}; the first in record {shown}"
        )


def watches(dataset: Dataset) -> dict[str, Watch]:
    """By column, where there is a question."""
    found: dict[str, Watch] = {}
    for name in dataset.received:
        plan = dataset.plan(name)
        if question := date_order(plan):
            found[name] = Watch(name, FileReason.DATE_ORDER_CONTRADICTED, question)
        elif question := decimal_mark(plan):
            found[name] = Watch(name, FileReason.DECIMAL_MARK_CONTRADICTED, question)
    return found


def refuse_contradictions(watched: Iterable[Watch]) -> None:
    """Raises Unreadable for the first column that contradicts its contract."""
    for watch in watched:
        if watch.open and watch.others:
            raise Unreadable(watch.reason, watch.detail)
