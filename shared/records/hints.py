"""What a file that cannot be read looks like, so that its reason says what to do.

Only words: nothing is ever read by a guess, and no word is a value of the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable

LIKELY = ["cp1252", "cp1250", "cp1251", "utf_16_le", "utf_16_be", "shift_jis", "gb18030", "big5", "euc_kr"]
FEW_LINES = 3  # that a reason names
NAMES = {"cp1252": "windows-1252", "cp1250": "windows-1250", "cp1251": "windows-1251"}
FORMATS = {
    "xlsx": "an Excel file",
    "ods": "an OpenDocument spreadsheet",
    "zip": "a zip",
    "parquet": "Parquet",
    "csv": "delimited text",
    "json": "JSON",
    "ndjson": "JSON lines",
    "xml": "XML",
}


def format_hint(kind: str, accepted: tuple[str, ...]) -> str:
    """What to do with a file of a format that the contract does not list."""
    return (
        f"the content is {FORMATS[kind]}; the contract accepts {', '.join(accepted)}: add {kind} to `formats`"
    )


def encoding_hint(sample: bytes) -> str:
    """`: looks like …`, or nothing where no encoding is likely or nobody is here to name it (on Glue)."""
    name = likely_encoding(sample)
    return f": looks like {name}; if it is, add `encodings: [{name}]`" if name else ""


def likely_encoding(sample: bytes) -> str | None:
    """The encoding that bytes which are no UTF-8 are most likely in; None where none is, or nobody knows."""
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        return None
    found = list(from_bytes(sample, cp_isolation=LIKELY))
    clear = {name for m in found if m.chaos == found[0].chaos for name in m.could_be_from_charset}
    likely = next((name for name in LIKELY if name in clear), None)  # the most usual of equals
    return None if likely is None else NAMES.get(likely, likely.replace("_", "-"))


def lines_hint(numbers: list[int]) -> str:
    """`, the first in line 2, 7, 9`."""
    if not numbers:
        return ""
    return f", the first in line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers[:FEW_LINES]))}"


def json_hint(sample: bytes) -> str:
    """Why lines of a file of JSON lines are no records, with the numbers of the first ones."""
    lines = sample.split(b"\n")
    if len(lines) > 1:
        lines.pop()  # cut off by the end of the sample, or empty
    bad = [(i, line) for i, line in enumerate(lines, 1) if line.strip() and not _is_object(line)]
    found = []
    for what, cause in CAUSES.items():
        if numbers := [i for i, line in bad if cause(line)]:
            found.append(what + lines_hint(numbers))
    return f": {'; '.join(found)}" if found else lines_hint([i for i, _ in bad])


def _is_object(line: bytes) -> bool:
    def refused(_: str) -> None:
        raise ValueError("no JSON")

    try:
        value = json.loads(line, parse_constant=refused)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict)


CAUSES: dict[str, Callable[[bytes], bool]] = {
    "a comma ends lines that should be objects": lambda line: (
        line.rstrip().endswith(b",") and _is_object(line.rstrip()[:-1])
    ),
    "lines are cut off": lambda line: (
        line.lstrip().startswith(b"{") and not line.rstrip().endswith((b"}", b","))
    ),
}
