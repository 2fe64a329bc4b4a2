"""Additions to a contract's text that leave every other character as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from cli.infer.choice import OPEN
from cli.infer.errors import InferError
from cli.infer.yaml_words import flow

Nodes = Any  # of yaml, which has no types here


@dataclass(frozen=True)
class Insertion:
    """Lines that go behind a line (counted from 1; 0: before the first), in place of that line where
    `instead`.
    """

    behind: int
    lines: tuple[str, ...]
    instead: bool = False


def inserted(text: str, insertions: Sequence[Insertion]) -> str:
    """The text with all of them; of equal places in the order given."""
    lines = text.splitlines(keepends=True)  # ends of lines as YAML's parser counts them
    end = "\r\n" if lines and _end_of(lines[0]) == "\r\n" else "\n"
    placed = sorted(insertions, key=lambda i: i.behind)
    for each in reversed(placed):
        at = each.behind
        if at and not _end_of(lines[at - 1]):
            lines[at - 1] += end
        own = _end_of(lines[at - 1]) if each.instead else end
        lines[at - each.instead : at] = [line + own for line in each.lines]
    return "".join(lines)


def _end_of(line: str) -> str:
    return line[len(line.splitlines()[0]) :] if line else ""


class Places:
    """Where things stand in a contract. Raises InferError where it is not laid out as lists over several
    lines.
    """

    def __init__(self, text: str, file: str) -> None:
        self._file, self._lines = file, text.splitlines()
        self._root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def end_of_schema(self) -> int:
        return self._end(self._block(_child(self._root, "schema"), "schema"))

    def indent_of_schema(self) -> str:
        return _indent(self._block(_child(self._root, "schema"), "schema"))

    def columns(self, table: str) -> tuple[int, str]:
        """The last line of a silver table's own columns, and their indent."""
        node = self._block(_child(self._entry(table, "silver"), "properties"), f"properties of {table}")
        return self._end(node), _indent(node)

    def column(self, table: str, name: str) -> tuple[int, str]:
        """The first line of a column, and the indent of what it says."""
        node = self._block(_child(self._entry(table, "silver"), "properties"), f"properties of {table}")
        for each in node.value:
            if _text(_child(each, "name")) == name:
                return each.start_mark.line + 1, " " * each.start_mark.column
        raise InferError(
            f"{self._file}: {name} of {table} stands in another table (columnsOf)", "add to it there, by hand"
        )

    def asks(self, line: int, question: str) -> bool:
        """Whether a question stands among the comments behind a line already."""
        for each in self._lines[line:]:
            if not (text := each.strip()).startswith("#"):
                return False
            if text.startswith(f"# {OPEN}: {question}:"):
                return True
        return False

    def extended(self, dataset: str | None, name: str, words: Sequence[str]) -> Insertion:
        """A list of a dataset's customProperties, or of the document's, with more words; a new one where it
        has none.
        """
        entry = self._root if dataset is None else self._entry(dataset, "bronze")
        properties = self._block(_child(entry, "customProperties"), "customProperties")
        for each in properties.value:
            if _text(_child(each, "property")) == name:
                return self._longer(_child(each, "value"), name, words)
        line = f"{_indent(properties)}- {{property: {name}, value: {flow(list(words))}}}"
        return Insertion(self._end(properties), (line,))

    def _longer(self, value: Nodes, name: str, words: Sequence[str]) -> Insertion:
        if not isinstance(value, yaml.SequenceNode) or not value.value:
            raise InferError(f"{self._file}: {name} is no list", f"add {', '.join(words)} to it by hand")
        if not value.flow_style:
            return Insertion(self._end(value), tuple(f"{_indent(value)}- {flow(w)}" for w in words))
        number = value.end_mark.line
        line, end = self._lines[number], value.end_mark.column - 1
        added = "".join(f", {flow(w)}" for w in words)
        return Insertion(number + 1, (f"{line[:end]}{added}{line[end:]}",), instead=True)

    def _end(self, node: Nodes) -> int:
        """The last line with content, counted from 1: a long text ends before its blank lines."""
        line = _last_line(node)
        while not self._lines[line - 1].strip() or self._lines[line - 1].lstrip().startswith("#"):
            line -= 1
        return line

    def _entry(self, name: str, layer: str) -> Nodes:
        for each in self._block(_child(self._root, "schema"), "schema").value:
            said = (_text(_child(p, "value")) for p in _items(_child(each, "customProperties")))
            if _text(_child(each, "physicalName")) == name and layer in said:
                return each
        raise InferError(
            f"{self._file}: no {layer} entry is called {name}", "mend the contract: ./lake contract lint"
        )

    def _block(self, node: Nodes, what: str) -> Nodes:
        if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
            return node
        raise InferError(f"{self._file}: {what} is no list with lines of its own", "add to it by hand")


def _child(node: Nodes, key: str) -> Nodes:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), None)


def _items(node: Nodes) -> Iterator[Nodes]:
    yield from node.value if isinstance(node, yaml.SequenceNode) else ()


def _text(node: Nodes) -> str | None:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else None


def _indent(node: Nodes) -> str:
    """That of the entries' dashes."""
    column: int = node.value[0].start_mark.column
    return " " * (column - 2)


def _last_line(node: Nodes) -> int:
    """Where the last part of a node ends, counted from 1; the parser's mark of a list is far behind."""
    line: int = node.end_mark.line
    if isinstance(node, yaml.ScalarNode):
        return line if node.style in ("|", ">") else line + 1
    if node.flow_style or not node.value:
        return line + 1
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)
