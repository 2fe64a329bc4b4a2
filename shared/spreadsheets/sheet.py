"""The process that reads one sheet: `python -m shared.spreadsheets.sheet WORKBOOK TEXT SHEET MEMORY`.

Prints what went wrong as JSON, or null.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
import resource
import sys
from collections.abc import Iterable, Mapping
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from shared.spreadsheets.cells import refuse_broken, unusual_cells
from shared.zip_errors import DAMAGED

EXACT = 2**53  # from here on a number of Excel is no exact integer
DIGITS = ".15g"  # what Excel keeps of a number (its specifications and limits)


def main(workbook: str, text: str, sheet: str, memory: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    sys.stdout.write(json.dumps(written(workbook, text, sheet)))


def written(workbook: str, text: str, sheet: str) -> dict[str, str] | None:
    """Writes the sheet; gives why not."""
    try:
        refuse_broken(workbook)
        book = CalamineWorkbook.from_path(workbook)
        names = book.sheet_names
        if (sheet or len(names) != 1) and sheet not in names:
            found = f"the workbook has the sheets {', '.join(names)}"
            return {"reason": "unknown_sheet", "detail": f"{found}; " + _missing(sheet)}
        chosen = sheet or names[0]
        unusual = unusual_cells(workbook, chosen)
        rows = book.get_sheet_by_name(chosen).iter_rows()
        with open(text, "w", encoding="utf-8", newline="") as file:
            write(rows, unusual, file)
    except PasswordError:
        return {"reason": "encrypted", "detail": "the workbook is protected by a password"}
    except (CalamineError, *DAMAGED, ExpatError, ParseError, StopIteration) as error:
        return {
            "reason": "corrupt_spreadsheet",
            "detail": f"the workbook cannot be opened ({type(error).__name__})",
        }
    return None


def _missing(sheet: str) -> str:
    return f"{sheet} is not among them" if sheet else "name one in the contract: `sheet`"


def write(rows: Iterable[list[Any]], unusual: Mapping[tuple[int, int], str | None], file: Any) -> None:
    """A line for every row, so that lines count as the sheet's rows do; an empty row is a blank line.

    `unusual`: texts of cells that hold an error, and None for a formula that was never computed: its row gets
    a field too many, and is quarantined.
    """
    lines = csv.writer(file, lineterminator="\n")
    for number, row in enumerate(rows):
        cells = [cell_text(value) for value in row]
        uncomputed = False
        for column in range(len(cells)) if unusual else ():
            if (number, column) in unusual:
                cells[column] = unusual[number, column] or ""
                uncomputed |= unusual[number, column] is None
        if uncomputed:
            cells.append("#uncomputed")
        if any(cells):
            lines.writerow(cells)
        else:
            file.write("\n")


def cell_text(value: Any) -> str:
    """A cell as text: times as local ISO 8601, numbers with the digits that Excel keeps, never rounded to
    what is shown.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case float() | int():
            return number_text(value)
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case dt.timedelta():
            seconds = round(value.total_seconds())
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value).replace("\r\n", "\n").replace("\r", "\n")


def number_text(value: float) -> str:
    """10.0 → 10, 0.30000000000000004 → 0.3; what is no exact integer any more keeps its exponent."""
    if not math.isfinite(value):
        return str(value)
    if value == int(value) and abs(value) < EXACT:
        return str(int(value))
    short = float(format(value, DIGITS))
    return repr(short if abs(short) < EXACT else value)


if __name__ == "__main__":
    main(*sys.argv[1:])
