"""A data contract as values: what a domain receives, keeps and promises.

Read by every part, changed by none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from shared import metrics
from shared.contracts.paths import Path
from shared.reasons import RowReason
from shared.values import Declared, Plan, compiled

Zone = Literal["bronze", "silver", "gold"]
Kind = Literal["raw", "keyed", "log", "files", "latest", "scd2", "computed", "dim", "fact", "mart", "bridge"]
Protect = Literal["hash", "null"]
Layout = Literal["event_date", "year_month_day", "undated"]
WORKBOOKS = {"xlsx", "ods"}
TABLES = {"csv", *WORKBOOKS}  # formats that have lines and a header
LOADED_KINDS: tuple[Kind, ...] = ("keyed", "log", "files")  # tables that take the records of a dataset


@dataclass(frozen=True)
class Column:
    """One column. `type` is a Spark SQL type name; `aliases` are other spellings producers use.

    `derived`: SQL over the other columns that computes it; no producer sends it. `declared`: what the column
    itself says of its spellings; how its texts are read in a dataset is `Dataset.plan`. `path`: where the
    value is in a nested record; the column is found there only. `from_key`: the part of the object's key that
    is the value. `json`: an object or a list is kept, as JSON of one spelling. `max_length`: of its texts, in
    characters. `protect`: what silver holds instead of its values (shared/contracts/protection.py).
    `identifies`: its value says which person a row is about.
    """

    name: str
    type: str
    description: str
    required: bool = False
    aliases: tuple[str, ...] = ()
    case: Literal["upper", "lower"] | None = None
    derived: str | None = None
    declared: Declared = field(default_factory=Declared)
    references: str | None = None
    confidential: bool = False
    protect: Protect | None = None
    path: Path | None = None
    from_key: str | None = None
    json: bool = False
    max_length: int | None = None
    identifies: bool = False

    @property
    def element(self) -> str | None:
        """The type of an array's elements; None for what is no array."""
        return self.type[6:-1] if self.type.startswith("array<") else None


@dataclass(frozen=True)
class Reference:
    """A foreign key: `columns` hold the `keys` of one row of the table of that name in the same contract."""

    columns: tuple[str, ...]
    table: str
    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        """What its figures are called after."""
        return "_".join(self.columns)


@dataclass(frozen=True)
class RejectRule:
    """A row for which `when` (Spark SQL over typed columns) is true is quarantined with `reason`; `columns`
    are at fault.
    """

    reason: str
    when: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Threshold:
    """A promise on a run's metric, checked between silver and gold: above `maximum` the gate
    warns or halts.

    `off`: a metric that is judged against its own history is not judged here.
    """

    metric: str
    maximum: float
    action: Literal["warn", "halt", "off"]
    minimum_rows: int = 0


@dataclass(frozen=True)
class Dependency:
    """A gold table must be recomputed for every value of `column` that changed in `table`; without a column,
    whole for any change.
    """

    table: str
    column: str | None = None


@dataclass(frozen=True)
class Operation:
    """Records are changes: `column` says which rows are inserted or updated (`upsert`) and which are gone
    (`delete`).

    `envelope`: how the records are wrapped; dms: files of the first load lack the column.
    """

    column: str
    upsert: tuple[str, ...]
    delete: tuple[str, ...]
    envelope: Literal["debezium", "dms"] | None = None


@dataclass(frozen=True)
class Table:
    """A table of silver or gold.

    `sources`: the datasets, or for latest and scd2 the log, that it is computed from.

    `appended_by`: the natural key of a table that only gains rows, those whose natural key it lacks; what
    stands is never changed. `by_month`: a date that partitions does so by its month. `event_timezone`: the
    zone whose calendar day is `event_date`.

    `corrections` replace: rows stand and fall with the newest version of their file. `snapshot`: the newest
    file, or day of files, is the whole table. `retention_days`: rows of an older event date leave.
    """

    name: str
    zone: Zone
    kind: Kind
    description: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    partitioned_by: tuple[str, ...] = ()
    by_month: bool = False
    sources: tuple[str, ...] = ()
    event_date_column: str | None = None
    order: tuple[str, ...] = ()
    rejects: tuple[RejectRule, ...] = ()
    tracked: tuple[str, ...] = ()
    change_key: str | None = None
    depends_on: tuple[Dependency, ...] = ()
    gate: tuple[Threshold, ...] = ()
    appended_by: tuple[str, ...] = ()
    compound_references: tuple[Reference, ...] = ()
    operation: Operation | None = None
    corrections: Literal["merge", "replace"] = "merge"
    snapshot: Literal["full"] | None = None
    event_timezone: str = "UTC"
    retention_days: int | None = None

    @property
    def follows_files(self) -> bool:
        """Whether a row leaves the table with the version of the file that brought it."""
        return self.kind == "files" or self.corrections == "replace"

    @property
    def buries(self) -> bool:
        """Whether deletes take rows out of the table, and are remembered beside it; a log keeps them as
        rows.
        """
        return self.operation is not None and self.kind == "keyed"

    @property
    def tombstones(self) -> str:
        """The name of the table beside it that remembers deletes."""
        return f"{self.name}_deleted"

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    @property
    def partition_fields(self) -> tuple[str, ...]:
        """Iceberg's partition fields as SQL: a column, or `months(column)`."""
        return tuple(
            f"months({c})" if self.by_month and self.column(c).type == "date" else c
            for c in self.partitioned_by
        )

    @property
    def day_column(self) -> str | None:
        """Of a computed table, the days by which its changes are found: event_date where it has one, else the
        first column that it is partitioned by, a date.
        """
        return "event_date" if "event_date" in self.column_names else next(iter(self.partitioned_by), None)

    @property
    def references(self) -> tuple[Reference, ...]:
        """The table's foreign keys.

        Contracts may put the table's own zone before the other table's name: `gold_dim_users.user_id`.
        """
        parts = ((c.name, *c.references.partition(".")) for c in self.columns if c.references)
        single = (Reference((c,), table.removeprefix(f"{self.zone}_"), (key,)) for c, table, _, key in parts)
        return (*single, *self.compound_references)

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """What a run of a dataset that is loaded here is judged by: the contract's, and for metrics that are
        judged against their own history a warning where the contract says nothing.
        """
        named = {t.metric for t in self.gate}
        learnt = (Threshold(m, limit, "warn") for m, limit in metrics.LEARNT.items() if m not in named)
        return (*(t for t in self.gate if t.action != "off"), *learnt)

    def limit(self, metric: str) -> float | None:
        """Above which value a metric is a finding; None where nothing judges it."""
        return min((t.maximum for t in self.thresholds if t.metric == metric), default=None)

    def metrics(self, reasons: Iterable[str]) -> tuple[str, ...]:
        """The figures of a run that loads records into this table; `reasons`: the domain's own."""
        return metrics.names(self.sent_names, [r.name for r in self.references], reasons)

    @property
    def sent_names(self) -> tuple[str, ...]:
        """The columns that producers may send; the others are computed."""
        return tuple(c.name for c in self.columns if c.name != "event_date" and c.derived is None)

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)


@dataclass(frozen=True)
class Dataset:
    """What producers drop under `<domain>/<name>/`: the file rules, and the silver table that takes its
    records.

    `constants`: columns that have one value in all records of the dataset, whatever a record says. `archive`:
    a file leaves raw once it has its outcome, and bronze once silver has it. `layout`: how keys in bronze
    spell the event date. `header` none: the columns are the contract's, in its order; a number: the line of
    the header; auto: it is found. `comment`, `footer`: regular expressions of what begins a line that is no
    record, anywhere or behind the last one. `sheet`: of workbooks. `ignore`: patterns of names of files that
    are none of ours. `delimiter`: of text without header. `fallback_encoding`: of lines that are no UTF-8.
    `stored_as`: what bronze holds; the bronze job makes Parquet of the contract's types. `records`: where the
    records of an envelope are. `explode`: the list inside a record whose elements are the records.
    `files_of`: the dataset whose files are read for this one, too. `lists_elsewhere`: those that become
    records of another dataset that reads the same files. `declared`: the document's and the
    dataset's words on spellings. `undated`: a file may have no readable event date at all.
    `delivered`: the columns of the files as producers spell them, in order, with their types; none where the
    contract does not say.
    """

    name: str
    domain: str
    description: str
    formats: tuple[str, ...]
    target: Table
    encodings: tuple[str, ...] = ("utf-8", "utf-16")
    constants: dict[str, str] = field(default_factory=dict)
    archive: bool = False
    layout: Layout = "event_date"
    duplicate_files: Literal["skip", "accept"] = "skip"
    max_unreadable_rate: float = 0.1
    header: Literal["auto", "none"] | int = "auto"
    comment: str | None = None
    footer: str | None = None
    sheet: str | None = None
    ignore: tuple[str, ...] = ()
    delimiter: str = ","
    fallback_encoding: str | None = None
    stored_as: Literal["original", "parquet"] = "original"
    freshness_hours: int | None = None
    records: Path | None = None
    explode: Path | None = None
    files_of: str | None = None
    lists_elsewhere: tuple[Path, ...] = ()
    declared: Declared = field(default_factory=Declared)
    undated: bool = False
    delivered: dict[str, str] = field(default_factory=dict)

    @property
    def nested(self) -> bool:
        """Whether records are more than flat objects: then only `shared.records.shape` makes columns of
        them. A column of JSON alone is found by name, but in XML, where objects have flat names otherwise.
        """
        columns = map(self.target.column, self.sent)
        inside = any(c.path or c.element or (c.json and "xml" in self.formats) for c in columns)
        apart = bool(self.lists_elsewhere) or self.records is not None or self.explode is not None
        return inside or apart or self.envelope == "debezium"

    def plan(self, column: str) -> Plan:
        """How texts of a column are read in files of this dataset.

        Raises UnreadableFormatError for a format that nothing reads, which a contract that was read has not.
        """
        found = self.target.column(column)
        return compiled(found.name, found.type, found.declared.over(self.declared), self.domain, self.formats)

    @property
    def event_date_column(self) -> str | None:
        """The column whose day is a record's event date; None for what has no date of its own."""
        return self.target.event_date_column

    @property
    def envelope(self) -> str | None:
        """How records are wrapped, where the contract says that they are."""
        return self.target.operation.envelope if self.target.operation else None

    def says_operation(self, columns: Iterable[str]) -> bool:
        """Whether one of a file's columns tells what each record is: an update or a delete."""
        operation, aliases = self.target.operation, self.aliases
        return operation is not None and any(aliases.get(folded(c)) == operation.column for c in columns)

    @property
    def received(self) -> tuple[str, ...]:
        """The columns that files of this dataset bring, by their records or by their keys."""
        return tuple(c for c in self.target.sent_names if c not in self.constants)

    @property
    def sent(self) -> tuple[str, ...]:
        """The received columns that stand in the records themselves."""
        return tuple(c for c in self.received if self.target.column(c).from_key is None)

    @property
    def aliases(self) -> dict[str, str]:
        """Folded spelling → canonical column name; fold a producer's spelling with `folded` before looking it
        up. A column with a path is found there, never by a name.
        """
        named = [c for c in map(self.target.column, self.sent) if c.path is None]
        return {folded(s): c.name for c in reversed(named) for s in (*reversed(c.aliases), c.name)}


@dataclass(frozen=True)
class Contract:
    """One domain. `reasons`: those of its own rules, and what each means."""

    domain: str
    version: str
    description: str
    datasets: tuple[Dataset, ...]
    silver: tuple[Table, ...]
    gold: tuple[Table, ...]
    null_spellings: tuple[str, ...]
    parameters: dict[str, tuple[str, ...]] = field(default_factory=dict)
    schedule: str | None = None
    layout: Layout = "event_date"
    reasons: dict[str, str] = field(default_factory=dict)

    @property
    def row_reasons(self) -> tuple[str, ...]:
        """Every reason for which a row may be quarantined here: those of all domains, then its own."""
        return (*RowReason, *self.reasons)

    def dataset(self, name: str) -> Dataset:
        return next(d for d in self.datasets if d.name == name)

    def table(self, name: str) -> Table:
        return next(t for t in (*self.silver, *self.gold) if t.name == name)

    @property
    def tables(self) -> tuple[Table, ...]:
        return (*self.silver, *self.gold)


def folded(spelling: str) -> str:
    """`User-ID`, `user_id` and `userid` are one name: case, blanks, `-` and `_` do not count."""
    return spelling.strip().lower().replace("-", "").replace("_", "").replace(" ", "")
