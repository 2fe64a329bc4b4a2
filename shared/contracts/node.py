"""A place in a contract document: typed access that names the place when something is wrong with it."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from shared.contracts.errors import ContractError

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True)
class Node:
    """A value of the document, with the file and path that lead to it."""

    file: str
    path: str
    value: Any

    def error(self, reason: str) -> ContractError:
        return ContractError(self.file, self.path or "(document)", reason)

    def child(self, key: str) -> Node:
        if not isinstance(self.value, dict):
            raise self.error(f"expected a mapping, found {type(self.value).__name__}")
        return Node(self.file, f"{self.path}.{key}".lstrip("."), self.value.get(key))

    def items(self) -> Iterator[Node]:
        """The entries of a list; a missing list has none."""
        if self.value is not None and not isinstance(self.value, list):
            raise self.error(f"expected a list, found {type(self.value).__name__}")
        for i, v in enumerate(self.value or ()):
            yield Node(self.file, f"{self.path}[{i}]", v)

    def names(self) -> tuple[str, ...]:
        """The names in a mapping, sorted; a missing mapping has none."""
        if not isinstance(self.value, dict | None):
            raise self.error(f"expected a mapping, found {self.value!r}")
        return tuple(sorted(Node(self.file, self.path, k).text() for k in self.value or ()))

    def text(self, default: str | None = None) -> str:
        if self.value is None and default is not None:
            return default
        if not isinstance(self.value, str):
            raise self.error(
                "missing; expected text" if self.value is None else f"expected text, found {self.value!r}"
            )
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(n.text() for n in self.items())

    def name(self) -> str:
        """The name of a table, column or reason, which is part of names in AWS and SQL."""
        if not NAME.fullmatch(self.text()):
            raise self.error(f"{self.value!r} is not a name: lower case letters, digits and _, at most 63")
        return self.text()

    def choice(self, allowed: Collection[str], default: str | None = None) -> str:
        value = self.text(default)
        if value not in allowed:
            raise self.error(f"{value!r} is not one of {', '.join(sorted(allowed))}")
        return value

    def number(self, default: float | None = None) -> float:
        if self.value is None and default is not None:
            return default
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.error(
                "missing; expected a number"
                if self.value is None
                else f"expected a number, found {self.value!r}"
            )
        return float(self.value)

    def flag(self, default: bool = False) -> bool:
        if not isinstance(self.value, bool | None):
            raise self.error(f"expected true or false, found {self.value!r}")
        return default if self.value is None else self.value

    def only(self, allowed: Collection[str]) -> None:
        """Refuses keys that nothing reads: a misspelt rule must not be ignored."""
        if not isinstance(self.value, dict | None):
            raise self.error(f"expected a mapping, found {self.value!r}")
        for key in self.value or ():
            if key not in allowed:
                raise self.error(f"unknown key {key!r}; allowed: {', '.join(sorted(allowed))}")

    def custom(self, allowed: Collection[str]) -> Node:
        """The node's customProperties as one mapping."""
        values: dict[str, Any] = {}
        for entry in self.child("customProperties").items():
            name = entry.child("property").choice(allowed)
            if name in values:
                raise entry.error(f"{name} is given twice")
            values[name] = entry.child("value").value
        return Node(self.file, f"{self.path}.customProperties".lstrip("."), values)
