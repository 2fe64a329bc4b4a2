"""How often values of some columns repeat, exactly: hashes of them lie on disk, never all in memory."""

from __future__ import annotations

from array import array
from pathlib import Path

PARTS = 32  # into which hashes fall; one part at a time is held to count it
HELD = 1 << 16  # hashes in memory until they are written


class Distinct:
    """Counts distinct hashes of 64 bits. Among a hundred million rows two unlike ones share a hash with a
    probability of 1 in 3,700; a key that is found to repeat by that is asked about, not decided.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._held = [array("q") for _ in range(PARTS)]
        self._count = 0
        self._written = False
        self.total = 0

    def add(self, value: int) -> None:
        self._held[value % PARTS].append(value)
        self.total += 1
        self._count += 1
        if self._count >= HELD:
            self._flush()

    def _flush(self) -> None:
        for part, held in enumerate(self._held):
            with self._path(part).open("ab") as file:
                held.tofile(file)
        self._held = [array("q") for _ in range(PARTS)]
        self._count, self._written = 0, True

    def _path(self, part: int) -> Path:
        return self._folder / f"{self._name}.{part}"

    def result(self) -> int:
        """How many there are; the files are gone then."""
        if not self._written:
            return sum(len(set(held)) for held in self._held)
        self._flush()
        found = 0
        for part in range(PARTS):
            path, values = self._path(part), array("q")
            with path.open("rb") as file:
                values.fromfile(file, path.stat().st_size // values.itemsize)
            found += len(set(values))
            path.unlink()
        return found
