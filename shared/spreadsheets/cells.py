"""Cells of an xlsx that its reader gives as empty although they are not: errors, and formulas without a
value.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

# Of a sheet's link: transitional, and strict ("Strict Open XML Spreadsheet" of Excel's save dialog)
NAMED = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
BLOCK = 1 << 16


def refuse_broken(workbook: str) -> None:
    """Raises ExpatError for an ods whose XML is broken: its reader never returns from some (calamine 0.9)."""
    with zipfile.ZipFile(workbook) as package:
        if "content.xml" in package.namelist():
            with package.open("content.xml") as file:
                expat.ParserCreate().ParseFile(file)


def unusual_cells(workbook: str, sheet: str) -> dict[tuple[int, int], str | None]:
    """Row and column, from 0 → the error's text, or None for a formula that was never computed.

    An ods has none: there an error is text, and every formula has its value.
    """
    with zipfile.ZipFile(workbook) as package:
        if "xl/workbook.xml" not in package.namelist():
            return {}
        with package.open(_part(package, sheet)) as file:
            return _Cells().read(file)


def _part(package: zipfile.ZipFile, sheet: str) -> str:
    """Name of the package's part that holds a sheet."""
    # nosec, for expat fetches no entity and ends one that grows a hundredfold; and this is a bounded process
    book = ElementTree.fromstring(package.read("xl/workbook.xml"))  # nosec B314
    found = next(e for e in book.iter() if e.tag.endswith("}sheet") and e.get("name") == sheet)
    links = ElementTree.fromstring(package.read("xl/_rels/workbook.xml.rels"))  # nosec B314
    link = next(i for n in NAMED if (i := found.get(n)) is not None)
    target = next(e.get("Target", "") for e in links if e.get("Id") == link)
    name = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    return next(n for n in package.namelist() if n.lower() == name.lower())


class _Cells:
    """What is odd among the cells of a sheet, as its XML goes by."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], str | None] = {}
        self._place, self._kind = "", ""
        self._formula = self._valued = self._open = False
        self._text: list[str] = []

    def read(self, file: IO[bytes]) -> dict[tuple[int, int], str | None]:
        parser = expat.ParserCreate()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._characters
        parser.ParseFile(file)
        return self._found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c":
                self._place, self._kind = attributes.get("r", ""), attributes.get("t", "")
                self._formula = self._valued = False
                self._text = []
            case "f":
                self._formula = True
            case "v" | "is":
                self._valued = self._open = True

    def _characters(self, text: str) -> None:
        if self._open and self._kind == "e":
            self._text.append(text)

    def _end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "v":
                self._open = False
            case "c" if self._kind == "e":
                self._found[_numbers(self._place)] = "".join(self._text) or "#ERROR!"
            case "c" if self._formula and not self._valued:
                self._found[_numbers(self._place)] = None


def _numbers(place: str) -> tuple[int, int]:
    found = PLACE.fullmatch(place)
    column = 0
    for letter in found[1] if found else "":
        column = column * 26 + ord(letter) - 64
    return (int(found[2]) - 1, column - 1) if found else (-1, -1)
