"""Stops a job halfway: at a named point just before a commit somebody else acts, then the job goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from glue_scripts.engine.silver import fill, promote
from glue_scripts.engine.tables import commits
from glue_scripts.engine.tables.state import State

Actor = Callable[[], Any]


class Halfway:
    """Lets actors act between what a job reads of a table and what it commits to it. Each acts once, at the next
    commit to its table.

    `read`: the job knows what it will write; `written`: its rows are in files and only their commit is left.
    """

    def __init__(self) -> None:
        self.waiting: dict[tuple[str, str], list[Actor]] = {}
        self.reached: list[str] = []  # the commits that came to a point, in order
        self.watchers: list[Actor] = []

    def at(self, point: str, table: str, *actors: Actor) -> None:
        """`table`: as `silver.events`. Several actors: one at each commit to the table."""
        self.waiting[(point, table)] = list(actors)

    def watch(self, watcher: Actor) -> None:
        """Acts at every point of every table."""
        self.watchers.append(watcher)

    def come(self, point: str, identifier: str) -> None:
        zone, _, table = identifier.removeprefix("glue_catalog.").partition(".")
        name = f"{zone.rpartition('_')[2]}.{table}"
        self.reached.append(f"{point} {name}")
        for watcher in self.watchers:
            watcher()
        if actors := self.waiting.get((point, name)):
            actors.pop(0)()


@contextmanager
def halfway() -> Iterator[Halfway]:
    stop = Halfway()
    fork, publish = commits.fork, commits.publish

    def forked(spark: Any, identifier: str, since: State) -> commits.Branch:
        stop.come("read", identifier)
        return fork(spark, identifier, since)

    def published(spark: Any, branch: commits.Branch) -> None:
        stop.come("written", branch.table)
        publish(spark, branch)

    with pytest.MonkeyPatch.context() as patch:
        for module in (commits, promote):
            patch.setattr(module, "fork", forked)
        for module in (commits, promote, fill):
            patch.setattr(module, "publish", published)
        yield stop
