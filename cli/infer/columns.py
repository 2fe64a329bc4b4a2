"""What is drafted of one column, from its counts alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cli.infer.choice import OPEN, Choice, Question
from cli.infer.column import MOST_VALUES, Column
from cli.infer.facts import Facts
from cli.infer.numbers import numbers
from cli.infer.times import EPOCHS, promises_time, times
from cli.infer.vocabulary import BOOLEANS, DAY_WORDS, ID_WORDS, NULLS, has_word, personal
from cli.wording import counted, share
from shared.values.numbers import MOST_DIGITS

MOST = 0.95  # of the values, from which on the few others are asked about
ENUMERATED = 20  # distinct values at most, of a column that may be an enumeration
PRIVATE = 0.5  # of the values, from which on a pattern says what a column is
ARROW = {
    "int8": "int",
    "int16": "int",
    "int32": "int",
    "uint8": "int",
    "uint16": "int",
    "int64": "bigint",
    "uint32": "bigint",
    "uint64": "decimal(38,0)",
    "float": "double",
    "double": "double",
    "halffloat": "double",
    "bool": "boolean",
}
WIDER = ("int", "bigint", "decimal(38,0)")
DECIMAL = re.compile(r"decimal\d+\((\d+), (\d+)\)")


def chosen(
    name: str,
    column: Column,
    element: Column | None,
    rows: int,
    *,
    is_map: bool = False,
    lone: bool = False,
) -> Choice:
    """`name`: as the files have it. `element`: of lists, `rows`: records in all. `is_map`: an object whose
    names are values. `lone`: an element of XML that is not repeated stands for a list of one.
    """
    if is_map:
        note = f"an object with ever other names in {counted(column.objects, 'record')}: kept as JSON"
        return Choice(properties={"json": True}, notes=[note])
    if column.record_lists or (column.objects and (column.values or column.lists)):
        return _json(column)
    if column.lists and column.values and lone:
        every = Column()
        every.merge(column)
        every.merge(element or Column())
        return _array(name, column, every)
    if column.lists and column.values:
        return _json(column)
    if column.lists:
        return _array(name, column, element or Column())
    found = _plain(name, column)
    _note_words(column, found)
    _say_private(name, column, found)
    _note_counts(column, found, rows)
    return found


def _json(column: Column) -> Choice:
    found = Choice(properties={"json": True})
    if column.record_lists:
        found.notes.append(
            f"a list of objects in {counted(column.record_lists, 'record')}, {column.elements:,} elements in"
            " all: kept as JSON; `explode` makes a dataset of its elements"
        )
    else:
        found.notes.append("objects, lists and plain values are mixed: kept as JSON")
    return found


def _array(name: str, column: Column, element: Column) -> Choice:
    inner = _plain(name, element)
    if inner.questions or inner.type == "timestamp":
        inner = Choice(notes=["elements are kept as text: how they are spelled is not certain"])
    inner.type = f"array<{inner.type}>"
    inner.notes.append(f"{counted(column.elements, 'element')} in {counted(column.lists, 'list')}")
    return inner


def _plain(name: str, column: Column) -> Choice:
    facts = {f: n for f, n in column.facts.items() if f.value}
    total = sum(facts.values())
    if not total:
        return Choice(notes=["no value in these files"])
    if typed := _by_arrow(column, facts):
        return typed
    if {f.kind for f in facts} == {"boolean"}:
        return Choice("boolean")
    if pair := _booleans(facts):
        return pair
    dated = {f: n for f, n in facts.items() if f.time or (promises_time(name) and f.epoch in EPOCHS)}
    if len(dated) == len(facts):
        return times(name, dated, column.votes)
    if _private(facts, total):
        return Choice()
    if all(f.number is not None for f in facts):
        return _number(name, facts, column)
    return _mostly(name, facts, dated, column)


def _by_arrow(column: Column, facts: Mapping[Facts, int]) -> Choice | None:
    """What Parquet declares, where its files agree on a type that is kept as it is."""
    if not column.arrow or any(f.kind == "text" for f in facts) or len(column.arrow) == 0:
        return None
    kinds = {ARROW.get(kind, "") for kind in column.arrow}
    decimals = [DECIMAL.fullmatch(kind) for kind in column.arrow]
    declared = f"Parquet: {', '.join(sorted(column.arrow))}"
    if all(decimals):
        scale = max(int(d[2]) for d in decimals if d)
        whole = max(int(d[1]) - int(d[2]) for d in decimals if d)
        found = Choice(f"decimal({min(MOST_DIGITS, whole + scale)},{scale})", notes=[declared])
        if whole + scale > MOST_DIGITS:
            text = (
                f"files declare up to {whole} digits before the point, and up to {scale} behind it: of a"
                f" number with more than {MOST_DIGITS - scale} before it the row is quarantined; is it so?"
            )
            found.questions.append(Question("physicalType", text))
        return found
    if "" not in kinds and len(kinds) == 1:
        return Choice(kinds.pop(), notes=[declared])
    if kinds <= {*WIDER}:
        return Choice(max(kinds, key=WIDER.index), notes=[declared])
    if "double" not in kinds or not kinds <= {"double", *WIDER}:
        return None
    found = Choice("double", notes=[declared])
    if kinds & {"bigint", "decimal(38,0)"}:
        text = (
            "some files have whole numbers, of which a double keeps 15 digits: is that enough, or a decimal?"
        )
        found.questions.append(Question("physicalType", text, ("double", "decimal(38,18)")))
    return found


def _booleans(facts: Mapping[Facts, int]) -> Choice | None:
    """Both words of a pair and no other; one alone may be any text."""
    words = {f.word.lower() if f.kind == "text" else f.word for f in facts}
    pair = next((p for p in BOOLEANS if set(p) == words), None)
    if pair is None or any(not f.word for f in facts):
        return None
    found = Choice("boolean")
    if pair != ("true", "false"):
        found.properties["booleans"] = {"true": [pair[0]], "false": [pair[1]]}
    return found


def _number(name: str, facts: Mapping[Facts, int], column: Column) -> Choice:
    total = sum(facts.values())
    zeros = sum(n for f, n in facts.items() if f.number and f.number.zeros and f.number.plain)
    texts = any(f.kind == "text" for f in facts)
    whole = all(f.number and f.number.plain for f in facts)
    if zeros and texts:
        return Choice(notes=[f"leading zeros in {zeros:,} of {counted(total)}: text keeps them"])
    if promises_time(name) and (asked := _maybe_times(facts, total)):
        return asked
    if has_word(name, DAY_WORDS) and {f.epoch for f in facts} == {"yyyymmdd"}:
        return Choice("date", options={"format": "yyyymmdd"})
    if whole and texts and has_word(name, ID_WORDS):
        return Choice(notes=["digits that identify something: text keeps what comes before them"])
    found = numbers(name, facts, column.votes)
    epochs = {f.epoch for f in facts}
    if len(epochs) == 1 and (unit := epochs.pop()) in EPOCHS:
        found.notes.append(f"every one would be a time of 2000 to 2099 as {unit}: if it is, format: {unit}")
    return found


def _maybe_times(facts: Mapping[Facts, int], total: int) -> Choice | None:
    """Numbers under a name that promises a time."""
    units: dict[str, int] = {}
    for fact, count in facts.items():
        units[fact.epoch] = units.get(fact.epoch, 0) + count
    known = {u: n for u, n in units.items() if u}
    if units.keys() == {"yyyymmdd"}:
        return Choice("date", options={"format": "yyyymmdd"})
    if not known or sum(known.values()) * 2 < total:
        return None
    said = ", ".join(f"{n:,} of {counted(total)} as {u}" for u, n in sorted(known.items()))
    found = Choice("timestamp", properties={"formats": [OPEN]})
    text = f"the name promises a time, and {said} would be one of 2000 to 2099; what are the others?"
    if units.keys() == {"excel_serial"}:
        text = "the name promises a time, and all would be one of 2000 to 2099 as days of Excel: are they?"
    found.questions.append(Question("formats", text, tuple(sorted(known))))
    return found


def _mostly(name: str, facts: Mapping[Facts, int], dated: Mapping[Facts, int], column: Column) -> Choice:
    """Text, or what nearly all values are, with the question what to do with the others."""
    total = sum(facts.values())
    numeric = {f: n for f, n in facts.items() if f.number is not None}
    if sum(dated.values()) >= MOST * total:
        found, what, fitting = times(name, dated, column.votes), "times", sum(dated.values())
    elif sum(numeric.values()) >= MOST * total:
        found, what, fitting = _number(name, numeric, column), "numbers", sum(numeric.values())
    else:
        return Choice()
    if found.type != "string":
        text = (
            f"{fitting:,} of {counted(total)} are {what}, {total - fitting:,} are not: have these"
            " quarantined, or is it text (string)?"
        )
        found.questions.insert(0, Question("physicalType", text))
    return found


def _private(facts: Mapping[Facts, int], total: int) -> str:
    kinds: dict[str, int] = {}
    for fact, count in facts.items():
        if fact.private and fact.private != "uuid":
            kinds[fact.private] = kinds.get(fact.private, 0) + count
    kind = max(kinds, key=lambda k: (kinds[k], k), default="")
    return kind if kind and kinds[kind] >= PRIVATE * total else ""


def _say_private(name: str, column: Column, found: Choice) -> None:
    facts = {f: n for f, n in column.facts.items() if f.value}
    total = sum(facts.values())
    if pattern := _private(facts, total):
        count = sum(n for f, n in facts.items() if f.private == pattern)
        found.private = f"{share(count, total)} of the values look like {pattern}"
    elif kind := personal(name):
        found.private = f"by its name: {kind}"


def _note_words(column: Column, found: Choice) -> None:
    """Words that elsewhere mean nothing: they do where all others are values of another type than text."""
    words = {f.word: n for f, n in column.facts.items() if f.word in NULLS}
    if not words:
        return
    if found.type != "string" or found.questions:
        found.nulls = words
    else:
        said = ", ".join(f"{w!r} ({n:,})" for w, n in sorted(words.items()))
        found.offers.append(f"words that may mean nothing: {said}; then they belong to nullSpellings")


def _note_counts(column: Column, found: Choice, rows: int) -> None:
    values, distinct = column.values, column.distinct
    known = f"more than {MOST_VALUES:,}" if distinct is None else f"{distinct:,}"
    found.notes.insert(0, f"{share(values, rows)} of {counted(rows, 'record')} have it, {known} distinct")
    if (
        distinct is not None
        and found.type == "string"
        and 1 < distinct <= ENUMERATED
        and values >= 10 * distinct
    ):
        rule = "SELECT COUNT(*) FROM ${table} WHERE ${column} NOT IN ('…')"
        found.offers.append(f"{distinct} distinct values: an enumeration? then a rule of its quality: {rule}")
