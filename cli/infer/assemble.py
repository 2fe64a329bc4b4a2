"""From counts to a draft of one dataset: its columns, their names, and what is said of its files."""

from __future__ import annotations

from cli.infer.choice import Question
from cli.infer.column import Column
from cli.infer.columns import chosen
from cli.infer.draft import DraftColumn, DraftDataset
from cli.infer.grouping import Group
from cli.infer.naming import named_once
from cli.infer.profile import Profile, Steps
from cli.infer.renamed import changed_headers, merge_renamed
from cli.infer.vocabulary import FOOTER
from cli.wording import counted
from shared.contracts import folded
from shared.contracts.paths import Path

ENVELOPE = {
    ("op",),
    ("ts_ms",),
    ("source", "ts_ms"),
    ("source", "lsn"),
}  # of Debezium's, what a table may keep
FLAT = {"csv", "xlsx", "ods"}


def dataset(group: Group, name: str) -> DraftDataset:
    """The draft of a group's files, without key and event date."""
    profile = group.profile
    found = DraftDataset(name, profile.rows, profile.files, [])
    leaves, left_out = _leaves(profile)
    merged = _by_folded(leaves)
    renamed = changed_headers(group, {s for s in merged if len(s) == 1})
    lone = all("xml" in formats for formats in profile.formats)
    clashes = {s: s[0] for s in merged if len(s) == 1 and (folded(s[0]),) in profile.clashes}
    for steps, (column, aliases) in sorted(merged.items()):
        element = profile.columns.get((*steps, "[]"))
        choice = chosen(steps[-1], column, element, profile.rows, is_map=steps in profile.maps, lone=lone)
        if steps in clashes:
            text = f"several columns of one file are {clashes[steps]} to a contract: have them renamed"
            choice.questions.append(Question("name", text))
        found.columns.append(DraftColumn("", steps, choice, column, aliases))
    merge_renamed(found, renamed, profile.rows)
    names = named_once(c.steps for c in found.columns)
    flat = {f for formats in profile.formats for f in formats} <= {*FLAT, "zip"}
    for each in found.columns:
        each.name = names[each.steps]
        _say_place(each, flat)
    if left_out:
        found.notes.append(f"of Debezium's envelope also: {', '.join(sorted(left_out))}")
    if profile.hidden:
        hidden = ", ".join(sorted(profile.hidden))
        found.notes.append(f"not drafted, for the envelope has a field of that name: {hidden}")
    _add_keys(profile, found)
    _say_files(profile, found)
    return found


def _leaves(profile: Profile) -> tuple[dict[Steps, Column], set[str]]:
    """Where plain values, lists and what is kept as JSON stand; and what is left out of an envelope."""
    enveloped = profile.changes == profile.rows > 0
    found, left_out = dict[Steps, Column](), set[str]()
    for steps, column in profile.columns.items():
        if steps[-1] == "[]" or any(steps[: len(m)] == m and steps != m for m in profile.maps):
            continue
        inner = any(
            s[: len(steps)] == steps and len(s) > len(steps) and s[len(steps)] != "[]"
            for s in profile.columns
        )
        opaque = (
            steps in profile.maps
            or column.record_lists
            or (column.objects and (column.values or column.lists))
        )
        if any(found_at for found_at in _above(steps) if _is_opaque(profile, found_at)):
            continue
        if inner and not opaque:
            continue
        if (
            enveloped
            and steps[0] in ("source", "transaction", "ts_ms", "ts_us", "ts_ns", "op")
            and steps not in ENVELOPE
        ):
            left_out.add(".".join(steps))
            continue
        found[steps] = column
    return found, left_out


def _above(steps: Steps) -> list[Steps]:
    return [steps[:n] for n in range(1, len(steps))]


def _is_opaque(profile: Profile, steps: Steps) -> bool:
    column = profile.columns.get(steps)
    mixed = column is not None and (
        column.record_lists or (column.objects and (column.values or column.lists))
    )
    return bool(mixed) or steps in profile.maps


def _by_folded(leaves: dict[Steps, Column]) -> dict[Steps, tuple[Column, list[str]]]:
    """Columns whose headers a contract takes for one: case, blanks, `-` and `_` never matter."""
    groups: dict[Steps, list[Steps]] = {}
    for steps in sorted(leaves):
        key = (folded(steps[0]),) if len(steps) == 1 else steps
        groups.setdefault(key, []).append(steps)
    found: dict[Steps, tuple[Column, list[str]]] = {}
    for same in groups.values():
        whole = Column()
        for steps in same:
            whole.merge(leaves[steps])
        found[same[0]] = (whole, [same[0][0]] if len(same[0]) == 1 else [])
    return found


def _say_place(column: DraftColumn, flat: bool) -> None:
    if not flat and len(column.steps) > 1:
        column.path, column.aliases = str(Path(column.steps)), []
        return
    column.aliases = [a for a in column.aliases if folded(a) != folded(column.name)]


def _add_keys(profile: Profile, found: DraftDataset) -> None:
    """Values that stand in the files' keys, where no column of the records has their name."""
    taken = {folded(c.name) for c in found.columns} | {folded(a) for c in found.columns for a in c.aliases}
    for name, counts in sorted(profile.keys.items()):
        column = named_once([(name,)])[(name,)]
        if folded(column) in taken or counts.values < profile.rows:
            continue
        choice = chosen(name, counts, None, profile.rows)
        choice.notes[0] = f"stands in the path of {counted(profile.files, 'file')}"
        found.columns.append(DraftColumn(column, (name,), choice, counts, from_key=name))


def _say_bare(profile: Profile, found: DraftDataset) -> None:
    """Text without header is kept as Parquet, under names that only people know."""
    found.positional = True
    found.properties |= {"header": "none", "storedAs": "parquet"}
    found.properties["delimiter"] = min(b.delimiter for b in profile.bare)
    text = f"the text has no header: name its {len(found.columns)} columns, whose order is that of the fields"
    found.questions.append(Question("header", text))


def _around_lists(profile: Profile) -> Question:
    """Of documents that hold a list of objects and data beside it."""
    lists = sorted(profile.inside)
    named = ", ".join(lists)
    if profile.records == {None}:
        text = (
            f"each document is a record, and the objects that it lists ({named}) are JSON: or are these the"
        )
        text += (
            " records? `records` reads them alone, `explode` also what stands around them, by paths of `^.`"
        )
        return Question("records", text, ("none", *lists))
    text = (
        f"documents hold data beside their lists of objects ({named}), which is not read where these are the"
    )
    text += " records: `explode` reads it, too, by paths of `^.`; a document can be a record itself"
    return Question("records", text, tuple(lists))


def _say_files(profile: Profile, found: DraftDataset) -> None:
    formats = {f for formats in profile.formats for f in formats}
    found.properties["formats"] = sorted(formats)
    if profile.bare:
        _say_bare(profile, found)
    if profile.unnamed:
        what = counted(profile.unnamed, "column")
        found.notes.append(f"{what} without a name, or with one that stands twice in its header: not drafted")
    if profile.refused:
        what = counted(profile.refused, "file")
        found.notes.append(f"{what} with too many unreadable records, which are refused (maxUnreadableRate)")
    if encodings := sorted(e for e in profile.encodings if e):
        count = sum(profile.encodings[e] for e in encodings)
        found.properties["encodings"] = encodings
        files = counted(profile.files, "file")
        text = f"of {files} {count} not UTF-8, by the looks {', '.join(encodings)}: is that right?"
        found.questions.append(Question("encodings", text))
    if sheets := sorted(s for s in profile.sheets if s):
        found.properties["sheet"] = sheets[0]
    if profile.comments:
        found.properties["comment"] = "^#"
        found.notes.append(f"no records, for they begin with #: {counted(profile.comments, 'line')}")
    if profile.totals:
        found.properties["footer"] = FOOTER
        found.notes.append(f"no records, for they add up others: {counted(profile.totals, 'last line')}")
    places = sorted(str(p) for p in profile.records if p is not None)
    if places:
        found.properties["records"] = places[0]
    if profile.envelope:
        found.notes.append(
            f"of the documents, beside their lists, not drafted: {', '.join(sorted(profile.envelope))}"
        )
    if profile.inside:
        found.questions.append(_around_lists(profile))
    elif len(profile.records) > 1:
        text = f"records are at {', '.join(places)} in some files only: give the others a dataset"
        found.questions.append(Question("records", text))
    if unread := profile.unreadable - profile.comments - profile.totals:
        found.notes.append(
            f"{unread:,} of {counted(profile.rows + profile.unreadable, 'record')} cannot be read"
        )
