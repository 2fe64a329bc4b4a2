"""Which columns say what a row is: its key, its event date, which version is newer, what happened to it."""

from __future__ import annotations

from cli.infer.choice import Question
from cli.infer.draft import DraftColumn, DraftDataset
from cli.infer.profile import Profile
from cli.infer.vocabulary import (
    CHANGE_WORDS,
    EVENT_WORDS,
    OPERATION_NAMES,
    OPERATIONS,
    has_word,
    words,
)
from cli.wording import counted, share
from shared.contracts import folded

FILLED = 0.9  # of the records that must have an event date
LATER_WORDS = words(
    "until end ended ends expires expiry bis ende due faellig fin valid gueltig birth geburt dob"
)


def say_operation(profile: Profile, found: DraftDataset) -> None:
    """Change data: Debezium's envelope, or a column with the operations of DMS."""
    if profile.changes:
        if profile.changes < profile.rows:
            changes = f"{profile.changes:,} of {counted(profile.rows, 'record')}"
            text = f"{changes} are changes in Debezium's envelope: what are the others?"
            found.questions.append(Question("operation", text))
        found.operation = {"column": "op", "envelope": "debezium"}
        return
    for column in found.columns:
        said = {f.word for f in column.counts.facts if f.value}
        named = any(folded(n) in OPERATION_NAMES for n in (column.steps[-1], column.name))
        if named and said and said <= OPERATIONS:
            _say_words(column, said, found)
            return


def _say_words(column: DraftColumn, said: set[str], found: DraftDataset) -> None:
    if said <= {"I", "U", "D"}:
        found.operation = {"column": column.name, "envelope": "dms"}
        without = found.rows - column.counts.values
        found.notes.append(
            f"changes as AWS DMS writes them; {counted(without, 'record')} without operation count as inserts"
        )
    else:
        deletes = sorted(said & {"D", "d"})
        found.operation = {
            "column": column.name,
            "upsert": sorted(said - {"D", "d"}),
            "delete": deletes or ["D"],
        }
    column.choice.type, column.choice.options, column.choice.properties = "string", {}, {}
    column.choice.questions.clear()


def event_candidates(found: DraftDataset) -> list[DraftColumn]:
    """Columns that could be the event date, the likeliest first, whatever the order of columns."""
    times = [
        c
        for c in found.columns
        if c.choice.is_time and c.filled >= FILLED * found.rows and not c.choice.private
    ]

    def rank(column: DraftColumn) -> tuple[object, ...]:
        name = column.steps[-1]
        return (
            has_word(name, LATER_WORDS),
            column.filled < found.rows,
            has_word(name, CHANGE_WORDS),
            not has_word(name, EVENT_WORDS),
            column.choice.type != "timestamp",
            column.name,
        )

    return sorted(times, key=rank)


def say_event_date(found: DraftDataset) -> None:
    """The likeliest, with the others; change data needs none."""
    candidates = event_candidates(found)
    if not candidates or found.operation:
        return
    first, *others = candidates
    found.event_date = first.name
    first.required = True
    if first.filled < found.rows:
        missing = found.rows - first.filled
        found.event_notes.append(f"{counted(missing, 'record')} without {first.name} are quarantined")
    if others:
        listed = ", ".join(f"{c.name} ({share(c.filled, found.rows)})" for c in others)
        found.event_notes.append(f"further candidates for eventDate, the likeliest first: {listed}")
