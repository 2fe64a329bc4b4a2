"""The titles that a query may mean: the nearest by n-grams, each with the features of the pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from domains.search.keywords.features import Floats, Spellings, Words, pair_features
from domains.search.keywords.strings import Integers
from domains.search.keywords.vectors import Vectors

CANDIDATES = 10


@dataclass(frozen=True)
class Shortlist:
    """`slugs` are the titles in the order of their numbers."""

    slugs: tuple[str, ...]
    words: Words
    titles: Spellings
    vectors: Vectors

    @classmethod
    def of(cls, slugs: Sequence[str]) -> Shortlist:
        words = Words(slugs)
        titles = words.spellings(slugs)
        return cls(tuple(slugs), words, titles, Vectors.of(titles.plain))

    def candidates(self, queries: Sequence[str], without: Integers | None = None) -> tuple[Integers, Floats]:
        """Queries × titles (best cosine first), and the features of all pairs; `without`: a title per query
        that is not to be found.
        """
        spelled = self.words.spellings(queries)
        nearest, cosines = self.vectors.nearest(spelled.plain, CANDIDATES + (without is not None))
        if without is not None:
            kept = nearest != without[:, None]
            kept[kept.all(axis=1), -1] = False
            nearest, cosines = (
                nearest[kept].reshape(len(queries), -1),
                cosines[kept].reshape(len(queries), -1),
            )
        return nearest, pair_features(spelled, self.titles, nearest, cosines)

    def numbers_of(self, slugs: Sequence[str]) -> Integers:
        at = {s: i for i, s in enumerate(self.slugs)}
        return np.fromiter((at[s] for s in slugs), np.int64, len(slugs))
