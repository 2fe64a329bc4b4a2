"""The files of a domain that somebody looks for, by what became of them and by their keys."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge

from local.session import Session
from shared.ledger.counters import PENDING
from shared.ledger.counts import STATES
from shared.ledger.model import FileStatus, LedgerFile

MOST_LOOKED_INTO = 20_000  # files whose keys are compared with a text


@dataclass(frozen=True)
class Found:
    """`more`: not all that there are; for a text this may be files that were not looked into."""

    files: tuple[LedgerFile, ...]
    more: bool


def states_of(outcome: str) -> list[str]:
    """The states of the ledger's index that are an outcome; those of all for nothing."""
    if outcome == PENDING:
        return [PENDING]
    every = {**STATES, FileStatus.DEFERRED.value: FileStatus.DEFERRED}
    return [state for state, status in every.items() if outcome in ("", status)]


def found_files(
    session: Session,
    domain: str,
    datasets: Sequence[str],
    outcome: str = "",
    text: str = "",
    at_most: int = 50,
) -> Found:
    """The newest files with an outcome whose keys contain a text, whatever its case."""
    lists = (
        session.ledger.newest_first(domain, dataset, state)
        for dataset in datasets
        for state in states_of(outcome)
    )
    every = merge(*lists, key=_moment, reverse=True)
    looked = itertools.islice(every, MOST_LOOKED_INTO)
    files = list(itertools.islice(_containing(looked, text.lower()), at_most))
    return Found(tuple(files), more=next(every, None) is not None)


def _moment(file: LedgerFile) -> str:
    """When it came; what is in work has no time yet, and is newer than all that has."""
    return file.ingested_at or "9"


def _containing(files: Iterator[LedgerFile], text: str) -> Iterator[LedgerFile]:
    return (file for file in files if text in file.key.lower())
