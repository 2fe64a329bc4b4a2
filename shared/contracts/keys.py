"""Values that stand in an object's key: `dt=2026-01-02/country=DE/`, or whatever a pattern finds."""

from __future__ import annotations

import re
from urllib.parse import unquote

HIVE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"


def key_pattern(text: str) -> re.Pattern[str]:
    """The pattern of a `fromKey`: a name stands for `<name>=<value>` as a part of the key. Raises ValueError
    for a pattern that has not exactly one group.
    """
    if HIVE_NAME.fullmatch(text):
        return re.compile(rf"(?:^|/){re.escape(text)}=([^/]*)(?=/)")
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is no pattern: {error}") from error
    if pattern.groups != 1:
        raise ValueError(
            f"{text!r} has {pattern.groups} groups; expected a name, for <name>=<value>/ in the key, or a"
            " pattern with one group, which is the value"
        )
    return pattern


def value_in_key(text: str, key: str) -> str | None:
    """What a `fromKey` finds first in a key; None when it finds nothing.

    Who writes `<name>=<value>/` encodes the value (Hive, Spark), so `%20` is a blank there; what a pattern
    finds is taken as it stands.
    """
    match = key_pattern(text).search(key)
    if match is None:
        return None
    if HIVE_NAME.fullmatch(text):
        return None if match[1] == HIVE_NULL else unquote(match[1])
    return match[1]
