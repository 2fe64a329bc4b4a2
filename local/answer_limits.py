"""How much of an answer is wanted, and whether it still is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.dialect import QueryError

if TYPE_CHECKING:
    import duckdb

LOOK_SECONDS = 0.1


class StoppedError(QueryError):
    """Somebody stopped a statement before its answer."""

    def __init__(self, do: str = "ask again; a smaller question is answered sooner") -> None:
        super().__init__("the query was stopped", do)


@dataclass(frozen=True)
class Limits:
    """`rows`: of an answer, at most; None for all. `stopped` is set by whoever wants no answer any more."""

    rows: int | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def check(self) -> None:
        """Raises StoppedError once it was stopped."""
        if self.stopped.is_set():
            raise StoppedError


WHOLE = Limits()  # nobody stops it


@contextmanager
def interruptible(connection: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[None]:
    """What the connection does meanwhile ends with InterruptException once it is stopped."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            if limits.stopped.is_set():
                connection.interrupt()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
