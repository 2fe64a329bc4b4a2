"""All that is wrong with a document at once, for people who write one."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.check import Place, contradictions
from shared.contracts.datasets import dataset
from shared.contracts.errors import ContractError
from shared.contracts.mend import mended
from shared.contracts.model import Contract, Table
from shared.contracts.node import Node
from shared.contracts.odcs import document_head, read
from shared.contracts.quality import rule_or_threshold
from shared.contracts.tables import column, layer, table

ANY = Table("any", "silver", "keyed", "", (), ())  # stands for a table, where only its presence counts
TABLE = re.compile(r"schema\[\d+\]")


@dataclass(frozen=True)
class Examined:
    """What is wrong with a document, and its contract without those parts; None where nothing can be read."""

    errors: list[ContractError]
    contract: Contract | None = None
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass
class _Shapes:
    """Reads parts of a document, each by itself, and keeps what they raise."""

    errors: dict[str, ContractError] = field(default_factory=dict)

    def of(self, read: Callable[..., object], *arguments: object) -> bool:
        try:
            read(*arguments)
        except ContractError as error:
            self.errors.setdefault(str(error), error)
            return False
        return True


def problems(document: Mapping[str, Any], file: str) -> list[ContractError]:
    """Everything that the parser refuses: within the parts of a document, and between them."""
    return examined(document, file).errors


def examined(document: Mapping[str, Any], file: str) -> Examined:
    """Reads a document to its end: a wrong part is taken out, so that the others are judged too."""
    shapes = _Shapes()
    root = Node(file, "", document)
    shapes.of(document_head, root)
    shapes.of(_entries, root, shapes)
    errors = list(shapes.errors.values())
    working: dict[str, Any] = copy.deepcopy(dict(document))
    doubtful: set[str] = set()  # tables that were mended; what else is wrong with them may follow from that
    for error in errors:
        if not mended(working, error.path):
            return Examined(errors)
        doubtful |= _table_of(error)
    while True:
        try:
            contract, places = read(node := Node(file, "", working))
        except ContractError as error:
            if error.path in {e.path for e in errors} or not mended(working, error.path):
                return Examined([*errors, *([] if error.path in {e.path for e in errors} else [error])])
            errors.append(error)
            doubtful |= _table_of(error)
            continue
        between = [e for e in contradictions(contract, places, node) if not _follows(e, doubtful)]
        return Examined([*errors, *between], contract, places)


def _table_of(error: ContractError) -> set[str]:
    """The table whose reading an error leaves in doubt; a rule of it or a column is replaced without one."""
    part = TABLE.match(error.path)
    whole = part is not None and not re.match(r"\.(properties\[\d+\]|quality)", error.path[part.end() :])
    return {part[0]} if part and whole else set()


def _follows(error: ContractError, doubtful: set[str]) -> bool:
    """Whether an error may only follow from another one."""
    part = TABLE.match(error.path)
    return part is not None and part[0] in doubtful


def _entries(root: Node, shapes: _Shapes) -> None:
    earlier: dict[str, Table] = {}
    for node in root.child("schema").items():
        name = str(node.child("physicalName").value)
        if not shapes.of(layer, node):
            continue
        if layer(node) == "bronze":
            target = Table("any", "silver", "keyed", "", (), (), sources=(name,))
            shapes.of(dataset, node, "", "undated", {"": target}, None)
            continue
        shapes.of(_columns, node, shapes)
        shapes.of(table, Node(node.file, node.path, {**node.value, "properties": [], "quality": []}), earlier)
        earlier[name] = ANY


def _columns(node: Node, shapes: _Shapes) -> None:
    shapes.of(_quality, node, None, shapes)
    for each in node.child("properties").items():
        if shapes.of(column, each):
            shapes.of(_quality, each, each.child("name").value, shapes)


def _quality(node: Node, name: str | None, shapes: _Shapes) -> None:
    for entry in node.child("quality").items():
        shapes.of(rule_or_threshold, entry, name)
