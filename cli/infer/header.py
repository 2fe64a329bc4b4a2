"""Whether ingestion finds the header of a file by the drafted names, as it does with `header: auto`."""

from __future__ import annotations

from cli.infer.draft import DraftDataset
from cli.infer.opening import Opened
from shared.contracts import folded
from shared.records import Limits, Unreadable
from shared.records.delimited import Rows
from shared.records.dialect import Dialect
from shared.records.source import Source
from shared.records.text import begun, utf8


def header_place(file: Opened, draft: DraftDataset, limits: Limits) -> int | None:
    """The line of the header where ingestion would take another one; None where it finds it."""
    aliases = {folded(s): c.name for c in draft.columns if not c.path for s in (*c.aliases, c.name)}
    dialect = Dialect(aliases=aliases, header="auto", delimiter="," if file.content.workbook else None)
    line = file.profile.preamble + 1
    try:
        with file.content.path.open("rb") as body:
            _, blocks = begun(Source(body, limits).blocks())
            rows = Rows(utf8(blocks, file.profile.encoding), limits, dialect)
    except Unreadable:
        return line
    return None if rows.header_line == line else line
