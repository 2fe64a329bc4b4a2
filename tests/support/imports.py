"""Which modules a piece of code imports when it runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def imported(tree: ast.AST) -> Iterator[str]:
    """Modules at any depth of the code; what stands under `if TYPE_CHECKING:`, or is relative, is none."""
    match tree:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Import():
            yield from (alias.name for alias in tree.names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module
    for child in ast.iter_child_nodes(tree):
        yield from imported(child)
