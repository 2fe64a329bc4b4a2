"""Every line of docs/reference/values.md is what the readers make of it."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.values import Declared, compiled

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "values.md"
KINDS = {"timestamp": "timestamp", "date": "date", "number": "decimal(18,2)", "boolean": "boolean"}
FIELDS = {
    "formats": "formats",
    "zone": "default_timezone",
    "locale": "locale",
    "decimalMark": "decimal_mark",
    "groupMark": "group_mark",
    "numberStyle": "number_style",
    "currencies": "currencies",
}
NOT_READ = "–"


def lines() -> list[tuple[str, str, str, str]]:
    """Kind of column, what is declared, text, and what is shown for it."""
    found, kind = [], ""
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [c.strip() for c in line.strip("|").split(" | ")] if line.startswith("|") else []
        if len(cells) == 3 and cells[:2] == ["declared", "text"]:
            kind = KINDS[cells[2]]
        elif len(cells) == 3:
            found.append((kind, *(re.sub(r"^`|`$", "", c) for c in cells)))
    return found


def declared(words: str) -> Declared:
    said: dict[str, Any] = {} if words == "nothing" else yaml.safe_load(f"{{{words}}}")
    if "booleans" in said:
        words_of = said.pop("booleans")
        return Declared(booleans=(tuple(words_of[True]), tuple(words_of[False])))
    return Declared(**{FIELDS[k]: tuple(v) if isinstance(v, list) else v for k, v in said.items()})


def shown(value: Any, kind: str) -> str:
    if kind == "timestamp" and value is not None:  # microseconds since 1970
        value = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=value)
    match value:
        case None:
            return NOT_READ
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case dt.datetime():
            return re.sub(r"0+$", "", f"{value:%Y-%m-%d %H:%M:%S.%f}").removesuffix(".")
    return str(value)


def test_the_page_shows_every_kind() -> None:
    assert {kind for kind, *_ in lines()} == set(KINDS.values())
    assert len(lines()) > 50


@pytest.mark.parametrize(("kind", "words", "text", "value"), lines())
def test_a_line_is_what_the_reader_makes_of_it(kind: str, words: str, text: str, value: str) -> None:
    assert shown(compiled("c", kind, declared(words), "shop", ("csv",)).value(text), kind) == value
