"""All that is wrong with a document at once, for people who write one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.contracts.check import contradictions
from shared.contracts.datasets import dataset
from shared.contracts.errors import ContractError
from shared.contracts.model import Table
from shared.contracts.node import Node
from shared.contracts.odcs import document_head, read
from shared.contracts.quality import rule_or_threshold
from shared.contracts.tables import column, layer, table

ANY = Table("any", "silver", "keyed", "", (), ())  # stands for a table, where only its presence counts


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
    """Everything that the parser refuses: what is wrong within the parts of a document, or when these are
    right, what is wrong between them.
    """
    root, shapes = Node(file, "", document), _Shapes()
    shapes.of(document_head, root)
    shapes.of(_entries, root, shapes)
    if shapes.errors:
        return list(shapes.errors.values())
    try:
        contract, places = read(root)
    except ContractError as error:
        return [error]
    return list(contradictions(contract, places, root))


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
