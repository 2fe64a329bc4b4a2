"""What identifies a row, and which version of it is newer."""

from __future__ import annotations

from collections.abc import Mapping

from cli.infer.choice import OPEN, Question
from cli.infer.draft import DraftColumn, DraftDataset
from cli.infer.roles import event_candidates
from cli.infer.vocabulary import CHANGE_WORDS, KEY_WORDS, has_word, words_of
from cli.wording import counted

MOST_CANDIDATES = 8
FEW = 0.1  # of the records, that may repeat or lack what is a key by its name
TRUSTED_ROWS = 100  # from which on a pair that never repeats does not do so by chance


def key_candidates(found: DraftDataset) -> list[tuple[str, ...]]:
    """Columns, and pairs of them, whose repetitions are worth counting."""
    able = [c for c in found.columns if _may_identify(c, found)]
    singles = sorted(able, key=lambda c: _key_rank(c, found))[:MOST_CANDIDATES]
    named = [c for c in singles if _is_named_key(c, found)][:4]
    pairs = [(a.name, b.name) for i, a in enumerate(named) for b in named[i + 1 :]]
    dated = [c.name for c in event_candidates(found) if not c.from_key][:3]
    return [*((c.name,) for c in singles), *pairs, *((c.name, when) for c in named for when in dated)]


def _may_identify(column: DraftColumn, found: DraftDataset) -> bool:
    choice = column.choice
    plain = (
        choice.type in ("string", "int", "bigint", "decimal(38,0)")
        and not choice.properties.get("json")
        and not column.from_key
    )
    enough = column.counts.distinct is None or column.counts.distinct > 1 or found.rows == 1
    operation = found.operation.get("column") == column.name
    around = found.enveloped and column.steps[0] in ("source", "ts_ms")
    open_ = any(q.about != "aliases" for q in choice.questions)
    return plain and enough and column.filled > 0 and not (operation or around or open_)


def _is_named_key(column: DraftColumn, found: DraftDataset) -> bool:
    """By its name; what tells of a person, such as the number of a telephone, several may share."""
    named = has_word(column.steps[-1], KEY_WORDS) and not column.choice.private
    return named or _is_uuid(column)


def _is_uuid(column: DraftColumn) -> bool:
    facts = [f for f in column.counts.facts if f.value]
    return bool(facts) and all(f.private == "uuid" for f in facts)


def _is_own_key(column: DraftColumn, found: DraftDataset) -> bool:
    """Whether it is called `id`, or after the dataset: `order_id` of orders."""
    parts = words_of(column.steps[-1])
    if len(column.steps) > 1:
        return False
    if len(parts) == 1 and parts[0] in ("id", "uuid", "guid", "key"):
        return True
    if not _is_named_key(column, found) or len(parts) < 2:
        return False
    own = "_".join(words_of(found.name))
    return any(len(w) > 2 and (own.startswith(w[: max(3, len(w) - 2)]) or w in own) for w in parts[:-1])


def _key_rank(column: DraftColumn, found: DraftDataset) -> tuple[object, ...]:
    return (
        not _is_own_key(column, found),
        not _is_named_key(column, found),
        column.filled < found.rows,
        bool(column.choice.private),
        column.name,
    )


def say_key(found: DraftDataset, repeats: Mapping[tuple[str, ...], int], rows: int) -> None:
    """Key and kind of the table. `repeats`: of each candidate, how many of `rows` different records have a
    key that another one has as well, or none.
    """
    _note_candidates(found, repeats, rows)
    clean = [n for n in repeats if not repeats[n] and all(_is_named_key(found.column(c), found) for c in n)]
    singles = [n for n in clean if len(n) == 1]
    own = [n for n in singles if _is_own_key(found.column(n[0]), found)]
    pairs = [n for n in clean if len(n) == 2]
    if own or len(singles) == 1:
        _keyed(found, (own or singles)[0])
    elif singles:
        _ask_key(found, f"{' and '.join(n[0] for n in singles)} never repeat: which of them is the key?")
    elif (
        _versioned(found, repeats, rows)
        or _nearly(found, repeats, rows)
        or (found.operation and _first_named(found, repeats))
    ):
        return
    elif pairs:
        _keyed(found, pairs[0])
        if len(pairs) > 1 or rows < TRUSTED_ROWS:
            different = counted(rows, "different record")
            text = f"{' + '.join(pairs[0])} never repeat in {different}: are they the key?"
            found.key_question = Question("primaryKey", text)
    elif found.event_date and not found.operation:
        found.kind = "files"
        found.key_notes.append("no key by its name: each record of the newest version of a file is a row")
    else:
        _ask_key(found, "no column is called like a key and never repeats: what identifies a row?")


def _versioned(found: DraftDataset, repeats: Mapping[tuple[str, ...], int], rows: int) -> bool:
    """A key of which there are several versions, told apart by a time."""
    for names in repeats:
        if len(names) != 2 or not found.column(names[1]).choice.is_time:
            continue
        key, when = names
        if not _is_own_key(found.column(key), found) or repeats[names]:
            continue
        count = repeats[key,]
        _keyed(found, (key,))
        found.order = [when]
        different = counted(rows, "different record")
        text = f"{count:,} of {different} are further versions of a {key}, each with its own {when}"
        if has_word(found.column(when).steps[-1], CHANGE_WORDS) or found.operation:
            found.key_notes.append(text)
        else:
            answers = ("keyed keeps the newest", f"kind log with the key {key} and {when} keeps all")
            found.key_question = Question("kind", text, answers)
        return True
    return False


def _nearly(found: DraftDataset, repeats: Mapping[tuple[str, ...], int], rows: int) -> bool:
    """A key by its name, which a few records repeat or lack."""
    few = [n for n in repeats if len(n) == 1 and repeats[n] <= FEW * rows]
    own = [n for n in few if _is_own_key(found.column(n[0]), found)]
    likely = own or [n for n in few if _is_named_key(found.column(n[0]), found)]
    if len(likely) != 1:
        return False
    (names,) = likely
    _keyed(found, names)
    different = counted(rows, "different record")
    text = f"{repeats[names]:,} of {different} repeat {names[0]} or lack it: is it the key?"
    found.key_question = Question("primaryKey", text, ("keyed keeps the newest of each", "choose another"))
    return True


def _first_named(found: DraftDataset, repeats: Mapping[tuple[str, ...], int]) -> bool:
    """Of change data the keys repeat by nature; what inserts repeat least is asked about."""
    own = [n for n in repeats if len(n) == 1 and _is_own_key(found.column(n[0]), found)]
    if not own:
        return False
    _keyed(found, own[0])
    found.key_question = Question(
        "primaryKey", f"{repeats[own[0]]:,} inserts repeat a {own[0][0]}: is it the key?"
    )
    return True


def _keyed(found: DraftDataset, names: tuple[str, ...]) -> None:
    for place, name in enumerate(names, 1):
        found.column(name).key, found.column(name).required = place, True
    found.order = _order(found)


def _order(found: DraftDataset) -> list[str]:
    """What grows with every version of a row: a time of change, else the event date."""
    names = {c.name for c in found.columns}
    if found.enveloped:
        lsn = [c for c in found.columns if c.steps == ("source", "lsn") and c.filled == found.rows]
        stamps = [c for c in found.columns if c.steps in (("source", "ts_ms"), ("ts_ms",)) and c.filled]
        return [c.name for c in (lsn or sorted(stamps, key=lambda c: c.steps)[:1])]
    times = event_candidates(found)
    changed = [c for c in times if has_word(c.steps[-1], CHANGE_WORDS)]
    if changed:
        return [changed[0].name]
    if found.operation:
        return [times[0].name] if times else []
    return [found.event_date] if found.event_date in names else found.key


def _ask_key(found: DraftDataset, text: str) -> None:
    answer = "say primaryKey: true, primaryKeyPosition: 1 and required: true of it"
    found.key_question = Question("primaryKey", text, (answer,))
    found.order = [OPEN] if not found.event_date else [found.event_date]


def _note_candidates(found: DraftDataset, repeats: Mapping[tuple[str, ...], int], rows: int) -> None:
    listed = [f"{' + '.join(n)} ({r:,})" for n, r in repeats.items() if len(n) == 1 or not r][
        :MOST_CANDIDATES
    ]
    if listed:
        of = "inserts" if found.operation else "different records"
        found.key_notes.append(
            f"key candidates, and how many of {rows:,} {of} repeat them or lack them: {', '.join(listed)}"
        )
