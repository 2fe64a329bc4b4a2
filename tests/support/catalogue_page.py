"""Reads the catalogue's page as a browser would, and contracts as plain YAML, to hold one against the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

VOID = {"meta", "input", "br"}
LAYERS = {"bronze": "raw", "silver": "silver", "gold": "gold"}


class Page(HTMLParser):
    """What a document has: ids with the text below each, links, elements, and attributes that fetch or run.

    Raises AssertionError for an element that is not closed where it was opened.
    """

    def __init__(self, document: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.texts: dict[str, str] = {}
        self.links: list[str] = []
        self.elements: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.contents: dict[str, str] = {}
        self._open: list[tuple[str, str | None]] = []
        self.feed(document)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        values = dict(attrs)
        assert len(values) == len(attrs), f"<{tag}> has an attribute twice"
        self.attributes.update(values.keys())
        if (own := values.get("id")) is not None:
            self.ids[own] += 1
            self.texts[own] = ""
        if (link := values.get("href")) is not None:
            self.links.append(link)
        if tag not in VOID:
            self._open.append((tag, own))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        opened, _ = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        for tag, own in self._open:
            if own is not None:
                self.texts[own] += data
            if tag in ("script", "style"):
                self.contents[tag] = self.contents.get(tag, "") + data

    @property
    def broken(self) -> list[str]:
        """Links into the document that lead nowhere."""
        return sorted({n for n in self.links if n.startswith("#") and unquote(n[1:]) not in self.ids})


def written(folder: Path) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Of each contract below a folder: the id that a table has in the catalogue, its entry, and all of its
    columns.
    """
    for path in sorted(folder.glob("*/contract.odcs.yaml")):
        document = yaml.safe_load(path.read_text("utf-8"))
        tables = {e["physicalName"]: e for e in document["schema"] if _said(e, "layer") != "bronze"}
        for entry in document["schema"]:
            layer = LAYERS[_said(entry, "layer")]
            yield f"{document['domain']}.{layer}.{entry['physicalName']}", entry, _columns(entry, tables)


def _columns(entry: dict[str, Any], tables: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    base = _said(entry, "columnsOf")
    return [*(_columns(tables[base], tables) if base else []), *entry.get("properties", [])]


def _said(entry: dict[str, Any], name: str) -> Any:
    return next((p["value"] for p in entry["customProperties"] if p["property"] == name), None)


def missing(page: Page, folder: Path) -> list[str]:
    """Tables and columns of contracts that the page lacks, or of which it lacks what the contract says."""
    return [wrong for id, entry, columns in written(folder) for wrong in _missing(page, id, entry, columns)]


def _missing(page: Page, id: str, entry: dict[str, Any], columns: list[dict[str, Any]]) -> Iterator[str]:
    section = page.texts.get(id, "")
    own = entry.get("properties", [])
    for text in [entry["description"], *_rules(entry), *(rule for column in own for rule in _rules(column))]:
        if _plain(text) not in _plain(section):
            yield f"{id}: {text}"
    if ".raw." in id:  # the names in the files, which the tables of silver may have otherwise
        for column in columns:
            if f"{column['name']}{column['physicalType']}" not in section:
                yield f"{id}: {column['name']} of the files"
        return
    for column in columns:
        row = _plain(page.texts.get(f"{id}.{column['name']}", ""))
        marked = [column["classification"]] if column.get("classification") else []
        promised = (["required"] if column.get("required") else []) + (
            ["key"] if column.get("primaryKey") else []
        )
        spelt = _said(column, "aliases") or [] if "customProperties" in column else []
        for text in [column["physicalType"], column["description"], *marked, *promised, *spelt]:
            if _plain(text) not in row:
                yield f"{id}.{column['name']}: {text}"


def _rules(part: dict[str, Any]) -> list[str]:
    """What each row rule says is wrong."""
    queries = [q["query"] for q in part.get("quality", []) if q.get("type") == "sql"]
    return [query.partition(" WHERE ")[2].replace("${column}", part["name"]) for query in queries]


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
