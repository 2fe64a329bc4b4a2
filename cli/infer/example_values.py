"""Made-up values in the spelling of a drafted column."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from cli.infer.choice import OPEN, Choice
from cli.infer.draft import DraftColumn, DraftDataset
from shared.values.names import MONTHS, SHORT_DAYS, SHORT_MONTHS, language
from shared.values.patterns import TOKEN

START = dt.datetime(2026, 1, 5, 8, 30)
EPOCH = dt.datetime(1970, 1, 1)
SYLLABLES = ("ka", "lo", "mi", "ne", "ru", "sa", "to", "vi", "be", "do", "fa", "gu")
PER_SECOND = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}


def made_up_value(column: DraftColumn, dataset: DraftDataset, number: int, rng: random.Random) -> Any:
    """A made-up value; numbers are texts in a file of texts, and numbers of JSON elsewhere."""
    choice = column.choice
    formats = dataset.properties["formats"]
    assert isinstance(formats, list)
    texts = bool({"csv", "xml"} & set(formats))
    if dataset.operation.get("column") == column.name:
        return "c" if dataset.enveloped else _upsert(dataset)
    if choice.type.startswith("array<"):
        return [_word(rng), _word(rng)] if "string" in choice.type else []
    if choice.properties.get("json"):
        return {"made_up": number}
    if column.key and choice.type == "string":
        return f"{column.name[:3]}{number:05}"
    if column.key and choice.type in ("int", "bigint"):
        return str(number + 1) if texts else number + 1
    if choice.type in ("date", "timestamp"):
        return _time(choice, number, rng, texts)
    if choice.type == "boolean":
        return _boolean(choice, rng, texts)
    if choice.type == "string":
        return _word(rng)
    return _number(choice, rng, texts)


def _upsert(dataset: DraftDataset) -> str:
    named = dataset.operation.get("upsert")
    return str(named[0]) if isinstance(named, list) and named else "I"


def _word(rng: random.Random) -> str:
    return "".join(rng.choice(SYLLABLES) for _ in range(3))


def _boolean(choice: Choice, rng: random.Random, texts: bool) -> Any:
    words = choice.properties.get("booleans")
    value = rng.random() < 0.5
    if words:
        return words["true" if value else "false"][0]
    return str(value).lower() if texts else value


def _number(choice: Choice, rng: random.Random, texts: bool) -> Any:
    scale = int(choice.type.partition(",")[2].rstrip(")") or 0) if "decimal" in choice.type else 0
    scale = 2 if choice.type == "double" else scale
    number = Decimal(rng.randint(1, 999)) + Decimal(rng.randint(0, 10**scale - 1)).scaleb(-scale)
    mark = choice.properties.get("decimalMark", ".")
    if not texts and mark in (".", OPEN):
        return int(number) if scale == 0 else float(number)
    return str(number).replace(".", mark if mark != OPEN else ".")


def _time(choice: Choice, number: int, rng: random.Random, texts: bool) -> Any:
    when = START + dt.timedelta(hours=7 * number, minutes=rng.randint(0, 59))
    formats = choice.properties.get("formats") or [choice.options.get("format", "iso")]
    first = formats[0]
    if first in PER_SECOND:
        epoch = int((when - EPOCH).total_seconds()) * PER_SECOND[first]
        return str(epoch) if texts else epoch
    if first == "yyyymmdd":
        return f"{when:%Y%m%d}" if texts else int(f"{when:%Y%m%d}")
    if first in ("iso", OPEN):
        zoned = choice.options.get("defaultTimezone") == "UTC"
        return when.date().isoformat() if choice.type == "date" else when.isoformat() + ("Z" if zoned else "")
    return "".join(_fields(first, when, choice.properties.get("locale", "en")))


def _fields(pattern: str, when: dt.datetime, locale: str) -> Iterator[str]:
    """The time as a pattern of java.time has it."""
    for token in TOKEN.finditer(pattern):
        letters = token[0]
        if not token[1]:
            yield letters.strip("'")
            continue
        yield _field(letters, when, language(locale) or "en")


def _field(letters: str, when: dt.datetime, locale: str) -> str:
    plain = {
        "y": when.year if len(letters) != 2 else when.year % 100,
        "d": when.day,
        "H": when.hour,
        "h": when.hour % 12 or 12,
        "m": when.minute,
        "s": when.second,
    }
    match letters[0]:
        case "M" if len(letters) > 2:
            table = SHORT_MONTHS if len(letters) == 3 else MONTHS
            return table[locale].split(" ")[when.month - 1].partition("/")[0]
        case "M":
            return str(when.month).zfill(len(letters))
        case "E":
            return SHORT_DAYS[locale].split(" ")[when.weekday()]
        case "a":
            return "AM" if when.hour < 12 else "PM"
        case "S":
            return "0" * len(letters)
        case "X":
            return "Z"
    return str(plain[letters[0]]).zfill(len(letters))
