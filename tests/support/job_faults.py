"""The effects of a job, numbered in the order in which one thread has them, and the end of its process at one
of them: writes to AWS by its driver, and commits and statements of Spark.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial, wraps
from typing import Any

import pytest
from pyspark.sql import SparkSession
from pyspark.sql.merge import MergeIntoWriter
from pyspark.sql.readwriter import DataFrameWriterV2

from glue_scripts import bronze_to_silver, silver_to_gold
from glue_scripts.engine.bronze import archive
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.tables import anew, commits
from tests.support.faults import ProcessEndedError

WRITES = re.compile("(Put|Copy|Delete|Update|TransactWrite)[A-Z]")  # operations of AWS
STATEMENTS = re.compile("(DELETE|UPDATE|ALTER|CREATE|CALL|DROP) ")  # of SQL
COMMITS = ((DataFrameWriterV2, "append"), (DataFrameWriterV2, "overwrite"), (MergeIntoWriter, "merge"))


@dataclass
class Effects:
    """What a job did, and at which effect it ends: `before` it or after. `end` ends the process where it is
    one of its own; otherwise every later effect is refused.
    """

    at: int = 0
    before: bool = True
    end: Callable[[], None] = lambda: None
    names: list[str] = field(default_factory=list)
    dead: bool = False
    _inside: bool = False

    def arm(self, at: int, *, before: bool) -> None:
        self.at, self.before, self.names, self.dead = at, before, [], False

    def lift(self) -> None:
        self.arm(0, before=True)

    def begin(self, name: str) -> None:
        if self.dead:
            raise ProcessEndedError(name)
        self.names.append(name)
        self._end_if(self.before)

    def done(self) -> None:
        self._end_if(not self.before)

    def _end_if(self, now: bool) -> None:
        if now and len(self.names) == self.at:
            self.end()
            self.dead = True
            raise ProcessEndedError(self.names[-1])

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Numbers what Spark does for any job of this process, which does one thing after the other then."""
        for module, name in (
            (bronze_to_silver, "PARALLEL_DATASETS"),
            (silver_to_gold, "PARALLEL_TABLES"),
            (archive, "PARALLEL_COPIES"),
        ):
            patch.setattr(module, name, 1)
        for writer, name in COMMITS:
            patch.setattr(writer, name, self._counted(getattr(writer, name), partial(_named, name)))
        patch.setattr(SparkSession, "sql", self._counted(SparkSession.sql, _statement))
        # What was written to a branch is published, and a table swapped, by Iceberg's own interface.
        counted = self._counted(commits.commit, partial(_named, "publish"))
        for module in (commits, anew):
            patch.setattr(module, "commit", counted)

    def _counted(
        self, action: Callable[..., Any], effect_of: Callable[..., str | None]
    ) -> Callable[..., Any]:
        @wraps(action)
        def counted(target: Any, *arguments: Any, **named: Any) -> Any:
            effect = effect_of(*arguments)
            if self._inside or effect is None:
                return action(target, *arguments, **named)
            self.begin(effect)
            self._inside = True
            try:
                found = action(target, *arguments, **named)
            finally:
                self._inside = False
            self.done()
            return found

        return counted

    def watch(self, clients: Aws) -> Aws:
        """Numbers what the clients of a job write."""
        for client in (clients.s3, clients.cloudwatch, clients.ledger._table.meta.client):
            client.meta.events.register("before-call", self._before_call)
            client.meta.events.register("after-call", self._after_call)
        return clients

    def _before_call(self, model: Any, **_: Any) -> None:
        if WRITES.match(model.name):
            self.begin(str(model.name))

    def _after_call(self, model: Any, **_: Any) -> None:
        if WRITES.match(model.name):
            self.done()


def _named(name: str, *_: object) -> str:
    return name


def _statement(text: str, *_: object) -> str | None:
    return " ".join(text.split()[:3]) if STATEMENTS.match(text) else None
