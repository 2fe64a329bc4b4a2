"""Which files are of one dataset: those whose records are alike, and those whose names are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from cli.infer.naming import table_name
from cli.infer.profile import Profile, Steps

ALIKE = 0.5  # of the columns of both, from which on files of one name are of one dataset


@dataclass
class Group:
    """Files of one dataset: what was counted of all of them, and their stems."""

    profile: Profile
    stems: Counter[str] = field(default_factory=Counter)
    places: set[tuple[str, frozenset[Steps]]] = field(default_factory=set)

    def take(self, other: Group) -> None:
        self.profile.merge(other.profile)
        self.stems.update(other.stems)
        self.places |= other.places

    @property
    def name(self) -> str:
        return table_name(min(self.stems, key=lambda s: (-self.stems[s], s)))


def grouped(parts: dict[tuple[str, frozenset[Steps]], Profile], one: bool) -> list[Group]:
    """The datasets of some files by stem and header; `one`: all are of one dataset."""
    found: list[Group] = []
    for (stem, names), profile in sorted(parts.items(), key=lambda p: (p[0][0], sorted(p[0][1]))):
        fresh = Group(Profile(), Counter(), {(stem, names)})
        fresh.profile.merge(profile)
        fresh.stems[stem] += profile.files
        found.append(fresh)
    while pair := _pair(found, one):
        first, second = pair
        first.take(second)
        found.remove(second)
    return _named_apart(found)


def _pair(groups: list[Group], one: bool) -> tuple[Group, Group] | None:
    for i, first in enumerate(groups):
        for second in groups[i + 1 :]:
            if one or _alike(first, second):
                return first, second
    return None


def _alike(first: Group, second: Group) -> bool:
    """Whether they have the same names, or a stem in common and most of their names."""
    ours, theirs = (frozenset().union(*g.profile.headers) for g in (first, second))
    if first.profile.headers & second.profile.headers:
        return True
    shared = len(ours & theirs)
    return bool(first.stems.keys() & second.stems.keys()) and shared >= ALIKE * min(len(ours), len(theirs))


def _named_apart(groups: list[Group]) -> list[Group]:
    """Two datasets whose files are called alike get a number each."""
    taken: set[str] = set()
    for group in groups:
        base, number = group.name, 1
        while group.name in taken:
            number += 1
            group.stems = Counter({f"{base} {number}": 1})
        taken.add(group.name)
    return groups
