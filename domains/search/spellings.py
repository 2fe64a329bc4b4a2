"""Spellings of a time that the search logs have beside the usual ones."""

from __future__ import annotations

import re

from shared.spellings import Spelling

BUDDHIST = re.compile(r"2[4-6]\d\d-", re.ASCII)
CLOCK = r"^(0?[1-9]|1[0-2])(:[0-5]\\d)(:[0-5]\\d([.,]\\d{1,9})?)? ?(?i:am|pm|sa|ch)$"


def gregorian(text: str) -> str:
    """A time whose year is of the Buddhist era (2565 is 2022) with the year that the parsers know."""
    return f"{int(text[:4]) - 543}{text[4:]}" if BUDDHIST.match(text) else text


def gregorian_sql(value: str, day: str) -> str:
    """The same in SQL."""
    year = f"concat(CAST(substr({value}, 1, 4) AS int) - 543, substr({value}, 5))"
    return f"CASE WHEN {value} RLIKE '^2[4-6][0-9]{{2}}-' THEN {year} ELSE {value} END"


def clock_sql(value: str, day: str) -> str:
    """A 12-hour clock with AM and PM, or SA and CH (Vietnamese: morning, afternoon); the day
    is the file's.
    """
    hour = f"CAST(regexp_extract({value}, '{CLOCK}', 1) AS int) % 12"
    afternoon = f"upper(right({value}, 2)) IN ('PM', 'CH')"
    minutes = f"regexp_extract({value}, '{CLOCK}', 2)"
    seconds = f"coalesce(nullif(regexp_extract({value}, '{CLOCK}', 3), ''), ':00')"
    hours = f"lpad(CAST({hour} + if({afternoon}, 12, 0) AS string), 2, '0')"
    clock = f"concat({day}, ' ', {hours}, {minutes}, {seconds})"
    return f"CASE WHEN {value} RLIKE '{CLOCK}' THEN {clock} ELSE {value} END"


SPELLINGS = {
    "clock_only": Spelling(sql=clock_sql),
    "buddhist_years": Spelling(sql=gregorian_sql, text=gregorian),
}
