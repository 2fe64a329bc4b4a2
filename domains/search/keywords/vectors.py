"""Character n-grams weighted by TF-IDF, and the nearest titles of many queries by one sparse product."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from domains.search.keywords.strings import CODES, Integers, Strings

SIZES = (2, 3)
BATCH = 1024
GAP_CODE = 37

Floats = npt.NDArray[np.float64]


def _counts(strings: Strings) -> sparse.csr_matrix:
    """Strings × n-grams: how often each stands in each, the borders of the string included."""
    n = len(strings.lengths)
    padded = np.zeros((n, strings.codes.shape[1] + 2), np.int64)
    padded[:, 1:-1] = strings.codes
    ends = strings.lengths + 1
    padded[:, 0] = GAP_CODE
    padded[np.arange(n), ends] = GAP_CODE
    rows, columns, offset = [], [], 0
    for size in SIZES:
        windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=1)
        gram = (windows * CODES ** np.arange(size)).sum(axis=2)
        row, start = np.nonzero(np.arange(gram.shape[1]) + size - 1 <= ends[:, None])
        rows.append(row)
        columns.append(gram[row, start] + offset)
        offset += CODES**size
    row, column = np.concatenate(rows), np.concatenate(columns)
    counts = sparse.coo_matrix((np.ones(len(row), np.float64), (row, column)), (n, offset)).tocsr()
    counts.sum_duplicates()
    return counts


def _unit(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1))).ravel()
    matrix.data /= np.repeat(np.where(norms > 0, norms, 1.0), np.diff(matrix.indptr))
    return matrix


@dataclass(frozen=True)
class Vectors:
    """The titles' unit vectors, transposed, and the n-grams' inverse document frequencies."""

    titles: sparse.csr_matrix
    idf: Floats

    @classmethod
    def of(cls, titles: Strings) -> Vectors:
        counts = _counts(titles)
        document_counts = np.bincount(counts.indices, minlength=counts.shape[1])
        idf = np.log((1 + counts.shape[0]) / (1 + document_counts)) + 1
        return cls(_weighted(counts, idf).T.tocsr(), idf)

    def nearest(self, queries: Strings, k: int) -> tuple[Integers, Floats]:
        """Per query the k most similar titles, best first, and their cosines; equal ones in the titles'
        order.
        """
        k = min(k, self.titles.shape[1])
        parts = [
            self._nearest(queries[np.arange(at, min(at + BATCH, len(queries.lengths)))], k)
            for at in range(0, len(queries.lengths), BATCH)
        ]
        if not parts:
            return np.zeros((0, k), np.int64), np.zeros((0, k))
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])

    def _nearest(self, queries: Strings, k: int) -> tuple[Integers, Floats]:
        cosines = (_weighted(_counts(queries), self.idf) @ self.titles).toarray()
        # Rounded, so that the order does not hang on the last bit of a sum; a tie goes to the earlier title.
        ranked = np.round(cosines, 9) - np.arange(cosines.shape[1]) * 1e-12
        top = np.argpartition(-ranked, k - 1, axis=1)[:, :k]
        scores = np.take_along_axis(ranked, top, axis=1)
        order = np.argsort(-scores, axis=1, kind="stable")
        best = np.take_along_axis(top, order, axis=1)
        return best, np.take_along_axis(cosines, best, axis=1)


def _weighted(counts: sparse.csr_matrix, idf: Floats) -> sparse.csr_matrix:
    """Unit vectors; how often a gram repeats counts by its logarithm."""
    weighted = counts.copy()
    weighted.data = (1 + np.log(weighted.data)) * idf[weighted.indices]
    return _unit(weighted)
