"""What the classifier sees of a query and a title: how alike they are, in which way, and compared with the
other candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from domains.search.keywords.edits import common_prefix, distances
from domains.search.keywords.strings import Integers, Strings, packed
from domains.search.keywords.text import GAP, numbers, telex_folded, unspaced, words

Floats = npt.NDArray[np.float64]
NAMES = (
    "cosine",
    "edit",
    "edit_unspaced",
    "edit_sorted",
    "edit_telex",
    "title_in_query",
    "query_in_title",
    "prefix",
    "query_words_known",
    "title_words_found",
    "length_ratio",
    "query_longer",
    "query_length",
    "title_length",
    "edits",
    "numbers_missing",
    "numbers_added",
    "title_words",
    "query_words",
)
RELATIVE = (
    *NAMES[: NAMES.index("prefix")],
    "title_words_found",
    "prefix",
)  # also told as the lead on the other candidates


@dataclass(frozen=True)
class Spellings:
    """The forms in which a list of slugs is compared."""

    plain: Strings
    unspaced: Strings
    ordered: Strings
    telex: Strings
    weights: sparse.csr_matrix
    numbers: npt.NDArray[np.uint64]
    word_counts: Integers


class Words:
    """Weights of the words of a catalogue: rare ones say more.

    A word that no title has weighs as much as the rarest.
    """

    def __init__(self, slugs: Sequence[str]) -> None:
        titles = [set(words(s)) for s in slugs]
        self._at = {w: i for i, w in enumerate(sorted(set().union(*titles)))}
        occurrences = np.zeros(len(self._at) + 1)
        for title in titles:
            for word in title:
                occurrences[self._at[word]] += 1
        self._weights = np.log((1 + len(slugs)) / (1 + occurrences)) + 1

    def spellings(self, slugs: Sequence[str]) -> Spellings:
        split = [words(s) for s in slugs]
        return Spellings(
            plain=packed(slugs),
            unspaced=packed([unspaced(s) for s in slugs]),
            ordered=packed([GAP.join(sorted(w)) for w in split]),
            telex=packed([unspaced(telex_folded(s)) for s in slugs]),
            weights=self._matrix(split),
            numbers=np.array([_number_bits(s) for s in slugs], np.uint64),
            word_counts=np.fromiter(map(len, split), np.int64, len(split)),
        )

    def _matrix(self, split: Sequence[Sequence[str]]) -> sparse.csr_matrix:
        """Strings × words, each word once, as the root of its weight: the product of two rows is the weight
        that they share.
        """
        unknown = len(self._at)
        ids = [[self._at.get(w, unknown) for w in dict.fromkeys(ws)] for ws in split]
        rows = np.repeat(np.arange(len(split)), [len(i) for i in ids])
        columns = np.fromiter((i for string_ids in ids for i in string_ids), np.int64, len(rows))
        return sparse.csr_matrix(
            (np.sqrt(self._weights[columns]), (rows, columns)), (len(split), unknown + 1)
        )


def _number_bits(slugged: str) -> int:
    bits = 0
    for number in numbers(slugged):
        bits |= 1 << (sum(number.encode()) * 7 + len(number)) % 64
    return bits


def pair_features(queries: Spellings, titles: Spellings, candidates: Integers, cosines: Floats) -> Floats:
    """Pairs × NAMES, then the leads of RELATIVE; `candidates` are queries × k, and pairs go through them row
    by row.
    """
    n, k = candidates.shape
    q, t = np.repeat(np.arange(n), k), candidates.ravel()
    ql, tl = queries.plain.lengths[q], titles.plain.lengths[t]
    edits = distances(queries.plain, q, titles.plain, t)
    longer = np.maximum(np.maximum(ql, tl), 1)
    loose_q, loose_t = np.maximum(queries.unspaced.lengths[q], 1), np.maximum(titles.unspaced.lengths[t], 1)
    folded = np.maximum(np.maximum(queries.telex.lengths[q], titles.telex.lengths[t]), 1)
    shared = np.asarray(queries.weights[q, :-1].multiply(titles.weights[t, :-1]).sum(axis=1)).ravel()
    query_weight = np.asarray(queries.weights.multiply(queries.weights).sum(axis=1)).ravel()[q]
    title_weight = np.asarray(titles.weights.multiply(titles.weights).sum(axis=1)).ravel()[t]
    prefix = common_prefix(queries.unspaced, q, titles.unspaced, t)
    qn, tn = queries.numbers[q], titles.numbers[t]
    columns = {
        "cosine": cosines.ravel(),
        "edit": 1 - edits / longer,
        "edit_unspaced": 1
        - distances(queries.unspaced, q, titles.unspaced, t) / np.maximum(loose_q, loose_t),
        "edit_sorted": 1 - distances(queries.ordered, q, titles.ordered, t) / longer,
        "edit_telex": 1 - distances(queries.telex, q, titles.telex, t) / folded,
        "title_in_query": 1 - distances(titles.unspaced, t, queries.unspaced, q, anywhere=True) / loose_t,
        "query_in_title": 1 - distances(queries.unspaced, q, titles.unspaced, t, anywhere=True) / loose_q,
        "prefix": prefix / np.minimum(loose_q, loose_t),
        "query_words_known": shared / np.maximum(query_weight, 1e-9),
        "title_words_found": shared / np.maximum(title_weight, 1e-9),
        "length_ratio": np.minimum(ql, tl) / longer,
        "query_longer": (ql - tl).astype(float),
        "query_length": ql.astype(float),
        "title_length": tl.astype(float),
        "edits": edits.astype(float),
        "numbers_missing": ((tn & ~qn) != 0).astype(float),
        "numbers_added": ((qn & ~tn) != 0).astype(float),
        "title_words": titles.word_counts[t].astype(float),
        "query_words": queries.word_counts[q].astype(float),
    }
    leads = [_lead(columns[name].reshape(n, k)).ravel() for name in RELATIVE]
    return np.column_stack([*(columns[name] for name in NAMES), *leads])


def _lead(values: Floats) -> Floats:
    """By how much each candidate is ahead of the best of the others of its query."""
    if values.shape[1] == 1:
        return values.copy()
    ordered = np.sort(values, axis=1)
    best, second = ordered[:, -1:], ordered[:, -2:-1]
    return values - np.where(values >= best, second, best)
