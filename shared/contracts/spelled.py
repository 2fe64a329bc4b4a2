"""Reads what a document, a dataset or a column says about spellings, and refuses what cannot be meant."""

from __future__ import annotations

import re
from typing import Any

from shared.contracts.node import Node
from shared.values import Declared
from shared.values.names import LANGUAGES, language
from shared.values.numbers import STYLES
from shared.values.zones import known

DEFAULTS = (  # of documents and datasets
    "dateFormats",
    "timestampFormats",
    "defaultTimezone",
    "locale",
    "decimalMark",
    "groupMark",
    "numberStyle",
    "currencies",
    "nanIsNull",
    "booleans",
)
OF_COLUMN = (
    "formats",
    "locale",
    "decimalMark",
    "groupMark",
    "numberStyle",
    "currencies",
    "nanIsNull",
    "booleans",
)
OPTIONS = ("format", "defaultTimezone", "minimum", "maximum", "maxLength")
MARKS = (".", ",")
GROUPS = " ,.'’\u00a0\u2009\u202f"


def defaults(custom: Node) -> Declared:
    """Of the customProperties of a document or dataset; raises ContractError."""
    return Declared(
        date_formats=_words(custom.child("dateFormats")),
        timestamp_formats=_words(custom.child("timestampFormats")),
        default_timezone=zone(custom.child("defaultTimezone")),
        **_common(custom),
    )


def of_column(node: Node, custom: Node) -> Declared:
    """Of a column: the standard's logicalTypeOptions, and its customProperties; raises ContractError."""
    options = _options(node)
    options.only(OPTIONS)
    single, several = options.child("format"), custom.child("formats")
    if single.value is not None and several.value is not None:
        raise several.error("the column has a format in its logicalTypeOptions as well; say it in one place")
    return Declared(
        formats=(single.text(),) if single.value is not None else _words(several),
        default_timezone=zone(options.child("defaultTimezone")),
        minimum=_bound(options.child("minimum")),
        maximum=_bound(options.child("maximum")),
        **_common(custom),
    )


def max_length(node: Node) -> int | None:
    """Of a column's texts, in characters; None where nothing is said. Raises ContractError."""
    found, kind = _options(node).child("maxLength"), node.child("physicalType").text()
    if found.value is None:
        return None
    if kind != "string":
        raise found.error(f"maxLength is for texts, and the column is a {kind}")
    if isinstance(found.value, bool) or not isinstance(found.value, int) or found.value < 1:
        raise found.error(f"expected a whole number of characters, at least 1, found {found.value!r}")
    return found.value


def _options(node: Node) -> Node:
    options = node.child("logicalTypeOptions")
    return Node(options.file, options.path, {}) if options.value is None else options


def zone(node: Node) -> str | None:
    """The name of a time zone; None where nothing is said."""
    if node.value is None:
        return None
    if not known(node.text()):
        raise node.error(f"{node.value!r} is not a time zone of the IANA, such as UTC or Europe/Berlin")
    return node.text()


def _common(custom: Node) -> dict[str, Any]:
    nan = custom.child("nanIsNull")
    return {
        "locale": _locale(custom.child("locale")),
        "decimal_mark": _mark(custom.child("decimalMark")),
        "group_mark": _groups(custom.child("groupMark")),
        "number_style": _styles(custom.child("numberStyle")),
        "currencies": _currencies(custom.child("currencies")),
        "nan_is_null": None if nan.value is None else nan.flag(),
        "booleans": _booleans(custom.child("booleans")),
    }


def _words(node: Node) -> tuple[str, ...] | None:
    if node.value is None:
        return None
    found = node.texts()
    if not found:
        raise node.error("expected at least one format")
    return tuple(dict.fromkeys(found))


def _locale(node: Node) -> str | None:
    if node.value is None:
        return None
    if language(node.text()) is None:
        raise node.error(f"{node.value!r} has no names of months here; known: {', '.join(LANGUAGES)}")
    return node.text()


def _mark(node: Node) -> str | None:
    return None if node.value is None else node.choice(MARKS)


def _groups(node: Node) -> str | None:
    if node.value is None:
        return None
    if not node.text() or set(node.text()) - set(GROUPS):
        shown = "blank, no-break blank, thin blank, ' ’ , ."
        raise node.error(f"{node.value!r} is no mark between groups of digits; expected some of: {shown}")
    return node.text()


def _styles(node: Node) -> tuple[str, ...] | None:
    return None if node.value is None else tuple(n.choice(STYLES) for n in node.items())


def _currencies(node: Node) -> tuple[str, ...] | None:
    if node.value is None:
        return None
    found = node.texts()
    for item, text in zip(node.items(), found, strict=True):
        if not text or any(c.isdigit() or c.isspace() or c in "+-()%" for c in text):
            raise item.error("expected a sign or code such as € or EUR, without digits, blanks and +-()%")
    if not found:
        raise node.error("expected at least one sign or code")
    return tuple(dict.fromkeys(found))


def _booleans(node: Node) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """YAML reads `true` as a key that is no text, and `yes` or `no` as values that are none."""
    if node.value is None:
        return None
    if not isinstance(node.value, dict):
        raise node.error(f"expected a mapping of true and false to lists, found {type(node.value).__name__}")
    named = {str(k).lower() if isinstance(k, bool) else k: v for k, v in node.value.items()}
    lists = Node(node.file, node.path, named)
    lists.only(("true", "false"))
    yes, no = (tuple(_word(n) for n in lists.child(key).items()) for key in ("true", "false"))
    if not yes or not no:
        raise node.error("expected words for true and words for false")
    if both := set(yes) & set(no):
        raise node.error(f"{', '.join(sorted(both))} is true and false at once")
    return yes, no


def _word(node: Node) -> str:
    if isinstance(node.value, bool):
        raise node.error(f"YAML reads this as {str(node.value).lower()}; put the word between quotes")
    return str(node.value) if isinstance(node.value, int) else node.text().lower()


def _bound(node: Node) -> str | None:
    """A number as it is written, or the text of a date or time."""
    if node.value is None:
        return None
    if isinstance(node.value, bool) or not isinstance(node.value, int | float | str):
        raise node.error(f"expected a number, a date or a time, found {node.value!r}")
    if isinstance(node.value, str) and not re.fullmatch(r"[0-9TZ:+. -]{1,40}", node.value):
        raise node.error(f"expected a number, or ISO 8601, found {node.value!r}")
    return str(node.value)
