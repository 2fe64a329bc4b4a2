"""Edit distances of many pairs at once.

Myers, "A fast bit-vector algorithm for approximate string matching based on dynamic programming", Journal of
the ACM 46(3), 1999: a column of the distance table is one machine word. Here each step handles that column of
every pair.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from domains.search.keywords.strings import CODES, Integers, Strings

Words = npt.NDArray[np.uint64]
ONE = np.uint64(1)


def _masks(patterns: Strings) -> Words:
    """For each pattern and character: the positions at which it stands."""
    masks = np.zeros((len(patterns.lengths), CODES), np.uint64)
    rows = np.arange(len(patterns.lengths))
    for j in range(int(patterns.lengths.max(initial=0))):
        masks[rows, patterns.codes[:, j]] |= ONE << np.uint64(j)
    masks[:, 0] = 0
    return masks


def distances(
    patterns: Strings, pattern_of: Integers, texts: Strings, text_of: Integers, *, anywhere: bool = False
) -> Integers:
    """Levenshtein distance of each pair (pattern_of[i], text_of[i]); `anywhere`: of the pattern to the part
    of the text most like it.
    """
    result = np.zeros(len(pattern_of), np.int64)
    order = np.argsort(-texts.lengths[text_of], kind="stable")
    mine, theirs = pattern_of[order], text_of[order]
    score = patterns.lengths[mine].copy()
    best = score.copy()
    masks, codes = _masks(patterns), texts.codes[theirs]
    last = ONE << np.maximum(patterns.lengths[mine] - 1, 0).astype(np.uint64)
    plus, minus = np.full(len(mine), ~np.uint64(0)), np.zeros(len(mine), np.uint64)
    lengths = texts.lengths[theirs]
    first_row = np.uint64(0) if anywhere else ONE
    for j in range(int(lengths.max(initial=0))):
        n = int(np.searchsorted(-lengths, -j, side="left"))  # the pairs whose text has a j-th character
        p, m = plus[:n], minus[:n]
        equal = masks[mine[:n], codes[:n, j]]
        zero = (((equal & p) + p) ^ p) | equal | m
        up, down = m | ~(zero | p), zero & p
        score[:n] += ((up & last[:n]) != 0).astype(np.int64) - ((down & last[:n]) != 0)
        up = (up << ONE) | first_row
        plus[:n] = (down << ONE) | ~(zero | up)
        minus[:n] = up & zero
        np.minimum(best[:n], score[:n], out=best[:n])
    empty = patterns.lengths[mine] == 0
    distance: Integers = best if anywhere else score
    distance[empty] = 0 if anywhere else lengths[empty]
    result[order] = distance
    return result


def common_prefix(left: Strings, left_of: Integers, right: Strings, right_of: Integers) -> Integers:
    """Length of the common beginning of each pair."""
    same: npt.NDArray[np.bool_] = (left.codes[left_of] == right.codes[right_of]) & (left.codes[left_of] != 0)
    lengths: Integers = np.where(same.all(axis=1), same.shape[1], np.argmin(same, axis=1))
    return lengths
