"""A draft: what is written of each dataset and column, before it is text."""

from __future__ import annotations

from dataclasses import dataclass, field

from cli.infer.choice import Choice, Question
from cli.infer.column import Column
from cli.infer.profile import Steps


@dataclass
class DraftColumn:
    """`steps`: where the files have it; `aliases`: headers; `path`: into nested records; `from_key`: the part
    of the key. `required`: rows without it are no rows. `unread`: values that its plan does not read.
    """

    name: str
    steps: Steps
    choice: Choice
    counts: Column
    aliases: list[str] = field(default_factory=list)
    path: str = ""
    from_key: str = ""
    key: int = 0
    required: bool = False
    unread: int = 0

    @property
    def filled(self) -> int:
        return self.counts.values


@dataclass
class DraftDataset:
    """`positional`: columns are known by their place. `ahead`: records whose event date is still to come.
    `kind`, `operation`, `event_date`, `order`: of its table. `properties`: of the dataset, in order. `notes`,
    `questions`: about the whole.
    """

    name: str
    rows: int
    files: int
    columns: list[DraftColumn]
    properties: dict[str, object] = field(default_factory=dict)
    kind: str = "keyed"
    operation: dict[str, object] = field(default_factory=dict)
    event_date: str = ""
    order: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    key_notes: list[str] = field(default_factory=list)
    key_question: Question | None = None
    event_notes: list[str] = field(default_factory=list)
    ahead: int = 0
    positional: bool = False

    def column(self, name: str) -> DraftColumn:
        return next(c for c in self.columns if c.name == name)

    @property
    def key(self) -> list[str]:
        return [c.name for c in sorted((c for c in self.columns if c.key), key=lambda c: c.key)]

    @property
    def enveloped(self) -> bool:
        return self.operation.get("envelope") == "debezium"


@dataclass
class Draft:
    """A domain. `nulls`: spellings of no value beside the empty one; `local`: times without offset, by
    column.
    """

    domain: str
    datasets: list[DraftDataset]
    nulls: list[str] = field(default_factory=list)
    local: dict[str, int] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
