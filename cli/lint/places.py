"""Where a path of a contract stands in its file, and what it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from cli.lint.finding import Finding
from shared.contracts import ContractError

STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
NAMED = {"schema": "physicalName", "properties": "name"}


@dataclass(frozen=True)
class Places:
    """A contract's text, and the document that it is."""

    domain: str
    file: str
    root: Any
    document: Any

    @classmethod
    def of(cls, domain: str, file: str, text: str, document: Any) -> Places:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return cls(domain, file, yaml.compose(text, Loader=loader), document)

    def finding(self, error: ContractError, *, hint: bool = False) -> Finding:
        subject, rest = self.subject(error.path)
        reason = f"{rest}: {error.reason}" if rest else error.reason
        return Finding(self.file, self.line(error.path), subject, reason, hint)

    def line(self, path: str) -> int:
        """Of the path, or of the last part of it that is there; an alias is where its anchor stands."""
        node, line = self.root, 1
        for number, name in STEP.findall(path):
            step = _item(node, int(number)) if number else _value(node, name)
            if step is None:
                break
            node, line = step
        return line

    def subject(self, path: str) -> tuple[str, str]:
        """`domain.table.column` of a path, and what is left of it."""
        names, node, used, key = [self.domain], self.document, 0, ""
        for step in STEP.finditer(path):
            number, name = step.groups()
            node = _at(node, int(number) if number else name)
            if number and key in NAMED and isinstance(node, dict) and NAMED[key] in node:
                names.append(str(node[NAMED[key]]))
                used = step.end()
            elif not number and name not in NAMED:
                break
            key = name or ""
        rest = path[used:].lstrip(".")
        return ".".join(names), "" if rest in ("(document)", "properties", "customProperties") else rest


def _at(value: Any, step: int | str) -> Any:
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return value.get(step) if isinstance(value, dict) else None


def _item(node: Any, number: int) -> tuple[Any, int] | None:
    if isinstance(node, yaml.SequenceNode) and number < len(node.value):
        return node.value[number], node.value[number].start_mark.line + 1
    return None


def _value(node: Any, name: str) -> tuple[Any, int] | None:
    """The value of a key, or that of a custom property of that name."""
    if isinstance(node, yaml.MappingNode):
        found = [(value, key.start_mark.line + 1) for key, value in node.value if key.value == name]
        return found[-1] if found else None
    if isinstance(node, yaml.SequenceNode):
        for entry in node.value:
            property_, value = _value(entry, "property"), _value(entry, "value")
            if property_ and value and property_[0].value == name:
                return value
    return None
