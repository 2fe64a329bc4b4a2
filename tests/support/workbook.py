"""Small workbooks, made by hand: what tests put in is what stands in the file."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOC = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>'
)
Sheets = Mapping[str, Sequence[Sequence[Any]]]


def xlsx(sheets: Sheets, corner: str | None = None) -> bytes:
    """Cells: text, number, boolean, None; `date:<serial>`, `error:<text>`, `formula:<value>`. `corner`: one more
    cell.
    """
    ids = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{i}" r:id="rId{i}"/>' for i, name in zip(ids, sheets, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{i}" Type="{DOC}/worksheet" Target="worksheets/sheet{i}.xml"/>' for i in ids
    )
    styles = f'<Relationship Id="rIdS" Type="{DOC}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" Type="{DOC}'
        '/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{DOC}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}{styles}'
        "</Relationships>",
        "xl/styles.xml": STYLES,
    }
    for i, rows in zip(ids, sheets.values(), strict=True):
        parts[f"xl/worksheets/sheet{i}.xml"] = _sheet(rows, corner)
    return _zip(parts)


def _sheet(rows: Sequence[Sequence[Any]], corner: str | None) -> str:
    lines = [
        f'<row r="{r}">{"".join(_cell(f"{chr(65 + c)}{r}", v) for c, v in enumerate(row) if v is not None)}</row>'
        for r, row in enumerate(rows, 1)
    ]
    last = f'<row><c r="{corner}"><v>1</v></c></row>' if corner else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}{last}</sheetData></worksheet>'


def _cell(place: str, value: Any) -> str:
    match value:
        case bool():
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{value!r}</v></c>'
    kind, _, text = str(value).partition(":")
    match kind:
        case "date":
            return f'<c r="{place}" s="1"><v>{text}</v></c>'
        case "error":
            return f'<c r="{place}" t="e"><v>{text}</v></c>'
        case "formula":
            return f'<c r="{place}"><f>1+2</f>{f"<v>{text}</v>" if text else ""}</c>'
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'


def ods(sheets: Sheets) -> bytes:
    """Cells: text and numbers."""
    office = "urn:oasis:names:tc:opendocument:xmlns"
    tables = "".join(
        f'<table:table table:name="{name}">{"".join(_ods_row(row) for row in rows)}</table:table>'
        for name, rows in sheets.items()
    )
    content = (
        f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0"'
        f' xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet>{tables}</office:spreadsheet>'
        "</office:body></office:document-content>"
    )
    manifest = f'<manifest:manifest xmlns:manifest="{office}:manifest:1.0"/>'
    return _zip(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": manifest,
        }
    )


def _ods_row(row: Sequence[Any]) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="float" office:value="{v}"><text:p>{v}</text:p></table:table-cell>'
        if isinstance(v, int | float)
        else f'<table:table-cell office:value-type="string"><text:p>{escape(v)}</text:p></table:table-cell>'
        for v in row
    )
    return f"<table:table-row>{cells}</table:table-row>"


def _zip(parts: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(zipfile.ZipInfo(name), text.encode(), zipfile.ZIP_DEFLATED)
    return file.getvalue()
