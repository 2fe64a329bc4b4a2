"""A workbook of one sheet, as small as xlsx and ods can be: for examples, so no library is needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OPEN = "urn:oasis:names:tc:opendocument:xmlns"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
QUOTE = {'"': "&quot;"}
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(sheet: str, rows: Sequence[Sequence[Any]]) -> bytes:
    """Numbers stay numbers, all else is text. Equal rows give equal bytes."""
    lines = "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": _links("r", "officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINK}"><sheets><sheet name="{escape(sheet)}"'
        ' sheetId="1" r:id="r"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links("r", "worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{lines}</sheetData></worksheet>',
    }
    return _zipped(parts)


def ods(sheet: str, rows: Sequence[Sequence[Any]]) -> bytes:
    """The same as LibreOffice has it."""
    lines = "".join(f"<table:table-row>{''.join(map(_open_cell, row))}</table:table-row>" for row in rows)
    names = " ".join(f'xmlns:{n}="{OPEN}:{n}:1.0"' for n in ("office", "table", "text"))
    table = f'<table:table table:name="{escape(sheet, QUOTE)}">{lines}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", ODS), ("content.xml", "text/xml"))
    )
    manifest = f'xmlns:manifest="{OPEN}:manifest:1.0" manifest:version="1.2"'
    return _zipped(
        {
            "mimetype": ODS,
            "content.xml": f"<office:document-content {names}"
            f' office:version="1.2">{body}</office:document-content>',
            "META-INF/manifest.xml": f"<manifest:manifest {manifest}>{entries}</manifest:manifest>",
        }
    )


def _zipped(parts: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            method = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            package.writestr(zipfile.ZipInfo(name), text.encode(), method)
    return file.getvalue()


def _links(name: str, kind: str, target: str) -> str:
    link = f'<Relationship Id="{name}" Type="{LINK}/{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{PACKAGE}/relationships">{link}</Relationships>'


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"<c><v>{value!r}</v></c>"
    return f'<c t="inlineStr"><is><t>{escape("" if value is None else str(value))}</t></is></c>'


def _open_cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<table:table-cell office:value-type="float" office:value="{value!r}"/>'
    text = f"<text:p>{escape('' if value is None else str(value))}</text:p>"
    return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'
