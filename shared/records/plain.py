"""Values of records as text, in one spelling whoever reads them.

A value is None, a bool, a str, a Number (spelled as the file has it), a dict, a list, or bytes that are no
UTF-8.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from shared.reasons import RowReason
from shared.records.strict_json import Number

DIGITS = re.compile(r"-?\d+", re.ASCII)
EXACT = 2**53  # up to here every whole number is a double of its own
Spelled = tuple[str | None, RowReason | None]


def text_of(value: Any) -> str:
    """A value as text: true and false, numbers as they are spelled, nested values as compact JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return compact(value)


def compact(value: Any) -> str:
    """JSON on one line, numbers as they were spelled."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_quoted(k)}:{compact(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return _quoted(value.decode(errors="replace") if isinstance(value, bytes) else value)


def canonical(value: Any) -> str:
    """JSON in the one spelling that equal values share: compact, names in order, numbers as they were
    spelled.
    """
    return compact(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _sorted(value[k]) for k in sorted(value)}
    return list(map(_sorted, value)) if isinstance(value, list) else value


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def whole_number(number: Number | float) -> str | None:
    """A number as the text of an identifier: the whole number that it is; None for any other, and for one
    that a double cannot hold for certain.
    """
    text = str(number)
    if DIGITS.fullmatch(text):
        return text
    value = float(text)
    if not value.is_integer() or abs(value) > EXACT or Decimal(text) != int(value):
        return None
    return str(int(value))


def list_text(value: Any, *, texts: bool) -> Spelled:
    """A list of plain values as JSON of their texts, which each is cast by itself; `texts`: for a column of
    texts.

    Anything else is text that is no list, which no cast accepts.
    """
    if not isinstance(value, list):
        return text_of(value), None
    if any(isinstance(v, dict | list) for v in value):
        return compact(value), RowReason.NESTED_VALUE
    if texts:
        if any(isinstance(v, bytes) for v in value):
            return compact(value), RowReason.INVALID_TEXT
        whole = [whole_number(v) if isinstance(v, Number | float) else v for v in value]
        if any(w is None and v is not None for w, v in zip(whole, value, strict=True)):
            return compact(value), RowReason.NUMBER_AS_TEXT
        value = whole
    return compact([None if v is None else text_of(v) for v in value]), None
