"""Judges the records of JSON that is not one object a line: elements of a list many at a time, where the text
behind one is nothing but more of them, and all others one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.records.envelope import is_tombstone
from shared.records.file_profile import FileProfile
from shared.records.json_lines import CHUNK, profile_values, value_of, watched
from shared.records.json_stream import Window, elements_of
from shared.records.strict_json import loads, objects_of_list
from shared.records.verdict import Limits


def profile_stream(blocks: Iterator[bytes], profile: FileProfile, limits: Limits) -> None:
    """Judges every record; one that is no object is unreadable."""
    profile.plain = False  # Spark never reads such a file by itself
    window, chunk, tombstones = (
        Window(watched(blocks, profile)),
        list[Any](),
        profile.dataset.envelope == "debezium",
    )
    singly = 0  # how many to read one by one before many are tried again
    for text in elements_of(window, limits, profile.dataset.records):
        if not (tombstones and is_tombstone(text)):
            chunk.append(value_of(text, loads, profile))
        singly -= 1
        while singly < 1 and (following := window.following()) != "":
            profile_values(chunk, profile)
            chunk = []
            if following and len(following) <= limits.max_record and _takes(following, profile):
                window.take(following)
            else:
                singly = CHUNK
        if len(chunk) >= CHUNK:
            profile_values(chunk, profile)
            chunk = []
    profile_values(chunk, profile)


def _takes(text: str, profile: FileProfile) -> bool:
    """Takes the records of a text that is nothing but objects with commas between them. Else takes nothing,
    and says so.
    """
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return False
    if profile.observe_elements(encoded):
        return True
    if (values := objects_of_list(encoded)) is None:
        return False
    profile_values(values, profile)
    return True
