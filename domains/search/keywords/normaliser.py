"""The keyword normaliser: an index of titles, a classifier trained on noise made from them, and thresholds
from titles it did not see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from domains.search.keywords.match_model import Judge, trained
from domains.search.keywords.shortlist import Shortlist
from domains.search.keywords.text import slug, telex_folded, unspaced, words

REVISION = "1"  # of the code: another one makes another version of every index
SHORTEST = 3  # characters of a keyword that may be matched other than exactly
FEWEST_TITLES = 60  # below, there is too little to learn from and only exact matches count

Status = Literal["matched", "review", "not_matched"]
Exact = tuple[str, str]  # kind, slug


@dataclass(frozen=True)
class Match:
    """What became of a keyword.

    `title` and `slug` are empty when not matched; `kind` says how the title is like the keyword.

    `best_slug` is the likeliest title whatever its score, `runner_up` the next one.
    """

    status: Status
    kind: str
    score: float
    title: str | None = None
    slug: str | None = None
    runner_up: str | None = None
    runner_up_score: float | None = None
    best_slug: str | None = None


NOTHING = Match("not_matched", "none", 0.0)


@dataclass(frozen=True)
class Normaliser:
    """Deterministic: the same titles and keywords give the same matches, whatever their
    order and grouping.
    """

    version: str
    titles: Mapping[str, str]  # slug → title as the catalogue writes it
    exact: Mapping[str, Exact]
    shortlist: Shortlist
    judge: Judge | None

    @classmethod
    def of(cls, titles: Sequence[str], learn_from: Sequence[str] | None = None) -> Normaliser:
        """Indexes the titles and learns from noise made of them, or only of those in `learn_from`; titles
        with one slug are one.
        """
        known: dict[str, str] = {}
        for title in sorted(titles):
            known.setdefault(slug(title), title)
        known.pop("", None)
        slugs = sorted(known)
        shortlist = Shortlist.of(slugs)
        lessons = sorted({slug(t) for t in learn_from} & known.keys()) if learn_from is not None else slugs
        judge = trained(shortlist, [known[s] for s in lessons]) if len(lessons) >= FEWEST_TITLES else None
        return cls(version(titles), known, _exact(slugs), shortlist, judge)

    def matches(self, keywords: Sequence[str]) -> list[Match]:
        """One match per keyword. The caller passes each keyword once: equal ones cost twice."""
        slugs = [slug(k) for k in keywords]
        matches: list[Match] = [self._exactly(s) or NOTHING for s in slugs]
        open_ = [i for i, s in enumerate(slugs) if matches[i] is NOTHING and len(unspaced(s)) >= SHORTEST]
        if self.judge is not None and open_:
            for i, match in zip(open_, self._judged([slugs[i] for i in open_], self.judge), strict=True):
                matches[i] = match
        return matches

    def _exactly(self, slugged: str) -> Match | None:
        for key in (slugged, unspaced(slugged)):
            if hit := self.exact.get(key):
                return Match("matched", hit[0], 1.0, self.titles[hit[1]], hit[1], best_slug=hit[1])
        return None

    def _judged(self, slugs: Sequence[str], judge: Judge) -> list[Match]:
        candidates, features = self.shortlist.candidates(slugs)
        scores = judge.scores(features).reshape(candidates.shape)
        order = np.argsort(-np.round(scores, 9), axis=1, kind="stable")[:, :2]
        return [
            self._match(s, c[o], p[o], judge)
            for s, c, p, o in zip(slugs, candidates, scores, order, strict=True)
        ]

    def _match(self, query: str, candidates: np.ndarray, scores: np.ndarray, judge: Judge) -> Match:
        best, second = (self.shortlist.slugs[int(c)] for c in candidates)
        score = round(float(scores[0]), 6)
        status = judge.status(score)
        kind = _kind(query, best) if status != "not_matched" else "none"
        chosen = best if status != "not_matched" else None
        title = self.titles[best] if chosen else None
        return Match(
            status, kind, score, title, chosen, self.titles[second], round(float(scores[1]), 6), best
        )


def version(titles: Sequence[str]) -> str:
    """Identifies an index: the same for the same titles in any order, another one when a title or this code
    changes.
    """
    return hashlib.sha256("\n".join([REVISION, *sorted(set(titles))]).encode()).hexdigest()[:16]


def _exact(slugs: Sequence[str]) -> dict[str, Exact]:
    """Slug and slug without gaps → title; of two titles that share the latter, neither is meant."""
    bare: dict[str, list[str]] = {}
    for s in slugs:
        bare.setdefault(unspaced(s), []).append(s)
    alone = {b: ("unspaced", sharing[0]) for b, sharing in bare.items() if len(sharing) == 1}
    return dict(chain(alone.items(), ((s, ("slug", s)) for s in slugs)))


def _kind(query: str, title: str) -> str:
    """The plainest way in which a query is like a title."""
    bare_query, bare_title = unspaced(query), unspaced(title)
    if sorted(words(query)) == sorted(words(title)):
        return "word_order"
    if unspaced(telex_folded(query)) == unspaced(telex_folded(title)):
        return "telex"
    if bare_title.startswith(bare_query):
        return "beginning"
    if f"-{title}-" in f"-{query}-" or bare_title in bare_query:
        return "title_within"
    return "similar"
