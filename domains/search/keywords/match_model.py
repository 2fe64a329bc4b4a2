"""The pair classifier: learns from noise made of titles, and takes its thresholds from other titles.

Titles that are not in the catalogue are imitated by real ones that are taken out of the search for
themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from domains.search.keywords.features import Floats
from domains.search.keywords.noise import Noise
from domains.search.keywords.shortlist import Shortlist
from domains.search.keywords.strings import Integers
from domains.search.keywords.text import slug

LESSONS = 2000  # titles to learn from at most; more make it slower, not better
FALSE_MATCHES = 0.025  # of titles outside the catalogue, at the threshold of a match
FALSE_REVIEWS = 0.2  # likewise, at the threshold of a review
SEED = 20221


@dataclass(frozen=True)
class Judge:
    """Scores pairs with the probability that the query means the title."""

    model: HistGradientBoostingClassifier
    match_from: float
    review_from: float

    def scores(self, features: Floats) -> Floats:
        with threadpool_limits(1):  # one task, one thread: a worker runs several tasks
            scores: Floats = self.model.predict_proba(features)[:, 1]
        return scores

    def status(self, score: float) -> Literal["matched", "review", "not_matched"]:
        if score >= self.match_from:
            return "matched"
        return "review" if score >= self.review_from else "not_matched"


@dataclass(frozen=True)
class Lessons:
    """Queries with the number of the title each was made of."""

    queries: list[str]
    meant: Integers

    @classmethod
    def of(cls, shortlist: Shortlist, titles: Sequence[str], seed: int) -> Lessons:
        """Each title once in every kind of noise."""
        noise = Noise(seed)
        pairs = [(slug(spoil(t)), slug(t)) for t in titles for spoil in noise.kinds.values()]
        kept = [(q, t) for q, t in pairs if q]
        return cls([q for q, _ in kept], shortlist.numbers_of([t for _, t in kept]))

    @classmethod
    def outside(cls, shortlist: Shortlist, titles: Sequence[str]) -> Lessons:
        """The titles as they are, to be searched where they cannot be found."""
        slugs = [slug(t) for t in titles]
        return cls(slugs, shortlist.numbers_of(slugs))


def trained(shortlist: Shortlist, titles: Sequence[str]) -> Judge:
    """A judge that learned from the titles.

    Its thresholds come from two others, each of half of the titles and tried on the other half.

    Which half a title is in hangs on the title alone.
    """
    chosen = sorted(titles, key=_lot)[:LESSONS]
    halves = (chosen[::2], chosen[1::2])
    with threadpool_limits(1):  # threads wait for each other on a busy machine
        best = np.concatenate(
            [
                _best_outside(shortlist, _model(shortlist, half), other)
                for half, other in (halves, halves[::-1])
            ]
        )
        model = _model(shortlist, chosen)
    match_from, review_from = (
        float(np.quantile(best, 1 - share, method="higher")) for share in (FALSE_MATCHES, FALSE_REVIEWS)
    )
    return Judge(model, round(match_from, 6), round(min(review_from, match_from), 6))


def _best_outside(
    shortlist: Shortlist, model: HistGradientBoostingClassifier, titles: Sequence[str]
) -> Floats:
    """The best score that each title gets where it is not in the catalogue."""
    outside = Lessons.outside(shortlist, titles)
    _, features = shortlist.candidates(outside.queries, outside.meant)
    best: Floats = model.predict_proba(features)[:, 1].reshape(len(outside.queries), -1).max(axis=1)
    return best


def _model(shortlist: Shortlist, titles: Sequence[str]) -> HistGradientBoostingClassifier:
    inside, outside = Lessons.of(shortlist, titles, SEED), Lessons.outside(shortlist, titles)
    candidates, seen = shortlist.candidates(inside.queries)
    right = (candidates == inside.meant[:, None]).ravel()
    _, unseen = shortlist.candidates(outside.queries, outside.meant)
    model = HistGradientBoostingClassifier(
        max_iter=200,
        learning_rate=0.1,
        max_leaf_nodes=15,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=SEED,
    )
    return model.fit(np.vstack([seen, unseen]), np.concatenate([right, np.zeros(len(unseen), bool)]))


def _lot(title: str) -> str:
    return hashlib.sha256(title.encode()).hexdigest()
