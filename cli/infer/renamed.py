"""Columns whose header changed from one file to the next."""

from __future__ import annotations

from collections.abc import Collection
from difflib import SequenceMatcher

from cli.infer.choice import Question
from cli.infer.column import Column
from cli.infer.columns import chosen
from cli.infer.draft import DraftDataset
from cli.infer.grouping import Group
from cli.infer.profile import Steps
from cli.infer.times import promises_time
from cli.infer.vocabulary import words_of
from shared.contracts import folded

MOST_HEADERS = 200  # of one dataset; with more of them names come and go
SIMILAR = 0.6  # of two headers, from which on one may be a new name of the other


def changed_headers(group: Group, columns: Collection[Steps]) -> list[tuple[Steps, ...]]:
    """Columns of which every file has exactly one, under names that are alike."""
    headers = sorted(group.profile.headers, key=sorted)
    if not 2 <= len(headers) <= MOST_HEADERS:
        return []
    every = frozenset(range(len(headers)))
    at = {s: frozenset(i for i in every if tuple(map(folded, s)) in headers[i]) for s in columns}
    partial = {s: files for s, files in at.items() if files != every}
    found, used = list[tuple[Steps, ...]](), set[Steps]()
    for first in sorted(partial):
        others = {s: f for s, f in partial.items() if s not in used | {first}}
        cluster = _covering(first, partial[first], others, every)
        if first not in used and cluster:
            found.append(cluster)
            used |= {*cluster}
    left = [s for s in sorted(partial) if s not in used]
    if len(left) == 2 and _exactly_one(*(partial[s] for s in left), every=every):
        found.append(tuple(left))
    return found


def _exactly_one(one: frozenset[int], other: frozenset[int], *, every: frozenset[int]) -> bool:
    return not one & other and one | other == every


def _covering(
    first: Steps, files: frozenset[int], others: dict[Steps, frozenset[int]], every: frozenset[int]
) -> tuple[Steps, ...]:
    """A column and others like it, of which each file has one; empty where some file has none."""
    cluster: tuple[Steps, ...] = (first,)
    for name in sorted(others, key=lambda s: (-similarity(first, s), s)):
        if similarity(first, name) >= SIMILAR and not files & others[name]:
            cluster, files = (*cluster, name), files | others[name]
    return cluster if files == every and len(cluster) > 1 else ()


def similarity(first: Steps, second: Steps) -> float:
    """Of two headers, from 0 to 1: words of one in the other, two that promise a time, or like letters."""
    ours, theirs = set(words_of(first[-1])), set(words_of(second[-1]))
    if promises_time(first[-1]) and promises_time(second[-1]):
        return SIMILAR
    if ours and theirs and (ours <= theirs or theirs <= ours):
        return 1.0
    return SequenceMatcher(None, folded(first[-1]), folded(second[-1])).ratio()


def merge_renamed(found: DraftDataset, renamed: list[tuple[Steps, ...]], rows: int) -> None:
    """Makes one column of each, under the name that most records have, and asks."""
    for cluster in renamed:
        columns = [c for c in found.columns if c.steps in cluster]
        kinds = {"time" if c.choice.is_time else c.choice.type for c in columns if c.filled}
        if len(kinds) > 1:
            continue
        one = min(columns, key=lambda c: (-c.filled, c.steps))
        counts = Column()
        for each in columns:
            counts.merge(each.counts)
        listed = ", ".join(repr(c.steps[-1]) for c in sorted(columns, key=lambda c: c.steps))
        text = f"every file has one of {listed}, of one type: one column with a changed header?"
        one.choice = chosen(one.steps[-1], counts, None, rows)
        one.choice.questions.append(Question("aliases", text, ("keep the aliases", "columns of their own")))
        one.counts, one.aliases = counts, sorted({a for c in columns for a in c.aliases})
        found.columns = [c for c in found.columns if c is one or c not in columns]
