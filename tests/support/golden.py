"""Golden files: what must not change unnoticed. The tests that compare with them write them, too (`./lake test --write-golden`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shared.project import shown

OPTION = "--write-golden"


@dataclass(frozen=True)
class Golden:
    """Compares with files, or with `write` makes them say what was found; `changes` has a line for each difference written."""

    write: bool = False
    changes: list[str] = field(default_factory=list)

    def compare(self, path: Path, found: Mapping[str, str], why: str) -> None:
        """Raises AssertionError with the differences and `why` they matter. An empty content has no file."""
        expected = content(path)
        different = [
            f"{shown(path)}: {name}: expected {expected.get(name, 'nothing')}, found {found.get(name, 'nothing')}"
            for name in sorted(expected.keys() | found.keys())
            if expected.get(name) != found.get(name)
        ]
        if different and not self.write:
            lines = [*different, why, f"If this is meant, run `./lake test {OPTION}` and commit the file."]
            raise AssertionError("\n".join(lines))
        if different:
            _write(path, found)
            self.changes.extend(different)

    def compare_page(self, path: Path, found: str, lasting: Callable[[str], str]) -> None:
        """The same of a text; `lasting`: the part of it that must be equal."""
        before = path.read_text("utf-8") if path.exists() else ""
        if lasting(before) == lasting(found):
            return
        if not self.write:
            raise AssertionError(
                f"{shown(path)} is out of date. Run `./lake test {OPTION}` and commit the file."
            )
        path.write_text(found, "utf-8")
        self.changes.append(f"{shown(path)}: written anew")


def content(path: Path) -> dict[str, str]:
    """Empty without a file."""
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}


def _write(path: Path, found: Mapping[str, str]) -> None:
    if found:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", "utf-8")
    else:
        path.unlink(missing_ok=True)
