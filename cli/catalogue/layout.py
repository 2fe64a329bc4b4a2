"""Where the boxes and arrows of a diagram go: by layers from left to right, without a drawing library.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (IEEE
Transactions on Systems, Man, and Cybernetics, 1981): layers by the longest way, places for arrows that pass a
layer, few crossings by barycentres. The same input gives the same picture.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

ACROSS = 80  # between two layers
BETWEEN = 18  # between two boxes of a layer
LANE = 10  # what an arrow takes in a layer that it passes
LANES = 2  # between two arrows there
SWEEPS = 8

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Size:
    width: int
    height: int


@dataclass(frozen=True)
class Spot:
    """A box: its left upper corner and its size."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Picture(Generic[K]):
    """Boxes by name, and the points between both ends that each arrow passes; in pixels."""

    spots: Mapping[K, Spot]
    ways: Mapping[tuple[K, K], Sequence[tuple[int, int]]]
    width: int
    height: int


@dataclass(frozen=True)
class _Lane(Generic[K]):
    """The place of an arrow in a layer that it passes."""

    arrow: tuple[K, K]
    layer: int


def layered(sizes: Mapping[K, Size], arrows: Sequence[tuple[K, K]]) -> Picture[K]:
    """Boxes in layers, so that arrows lead to the right; those of a circle as far as possible.

    An arrow of a box to itself, or to one that is not there, has no way.
    """
    arrows = [a for a in dict.fromkeys(arrows) if a[0] != a[1] and a[0] in sizes and a[1] in sizes]
    forward = _without_circles(list(sizes), arrows)
    layers = _layers(list(sizes), forward)
    columns, links = _with_lanes(layers, forward)
    _uncross(columns, links)
    return _placed(columns, sizes, arrows)


def _without_circles(names: Sequence[K], arrows: Sequence[tuple[K, K]]) -> list[tuple[K, K]]:
    """The arrows, those turned round that close a circle."""
    leaving: dict[K, list[K]] = {n: [] for n in names}
    for source, target in arrows:
        leaving[source].append(target)
    done, found = set[K](), list[tuple[K, K]]()
    for first in names:
        open_: dict[K, list[K]] = {} if first in done else {first: list(leaving[first])}
        while open_:
            here = next(reversed(open_))
            if not open_[here]:
                open_.pop(here)
                done.add(here)
                continue
            there = open_[here].pop(0)
            found.append((there, here) if there in open_ else (here, there))
            if there not in done and there not in open_:
                open_[there] = list(leaving[there])
    return list(dict.fromkeys(found))


def _layers(names: Sequence[K], arrows: Sequence[tuple[K, K]]) -> dict[K, int]:
    """The longest way to each box; a box that nothing leads to stands right before what it leads to."""
    layer = dict.fromkeys(names, 0)
    for _ in names:
        moved = False
        for source, target in arrows:
            if layer[target] <= layer[source]:
                layer[target], moved = layer[source] + 1, True
        if not moved:
            break
    entered = {target for _, target in arrows}
    for name in names:
        following = [layer[target] for source, target in arrows if source == name]
        if name not in entered and following:
            layer[name] = min(following) - 1
    return layer


def _with_lanes(
    layers: Mapping[K, int], arrows: Sequence[tuple[K, K]]
) -> tuple[list[list[K | _Lane[K]]], list[tuple[K | _Lane[K], K | _Lane[K]]]]:
    """The layers with a lane for each arrow that passes, and the links from layer to layer."""
    columns: list[list[K | _Lane[K]]] = [[] for _ in range(max(layers.values(), default=0) + 1)]
    for name, layer in layers.items():
        columns[layer].append(name)
    links: list[tuple[K | _Lane[K], K | _Lane[K]]] = []
    for source, target in arrows:
        lanes = [_Lane((source, target), n) for n in range(layers[source] + 1, layers[target])]
        for lane in lanes:
            columns[lane.layer].append(lane)
        chain: list[K | _Lane[K]] = [source, *lanes, target]
        links += pairwise(chain)
    return columns, links


def _uncross(columns: list[list[K | _Lane[K]]], links: Sequence[tuple[K | _Lane[K], K | _Lane[K]]]) -> None:
    """Orders each layer by the middle of its neighbours, there and back."""
    before: dict[K | _Lane[K], list[K | _Lane[K]]] = {}
    after: dict[K | _Lane[K], list[K | _Lane[K]]] = {}
    for source, target in links:
        before.setdefault(target, []).append(source)
        after.setdefault(source, []).append(target)
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        for n in range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1):
            beside, near = columns[n - 1 if forth else n + 1], before if forth else after
            rank = {item: i / max(len(beside), 1) for i, item in enumerate(beside)}
            own = {item: i / max(len(columns[n]), 1) for i, item in enumerate(columns[n])}
            middle = {
                item: sum(ranks) / len(ranks)
                if (ranks := [rank[o] for o in near.get(item, ())])
                else own[item]
                for item in columns[n]
            }
            columns[n].sort(key=middle.__getitem__)


def _placed(
    columns: Sequence[Sequence[K | _Lane[K]]], sizes: Mapping[K, Size], arrows: Sequence[tuple[K, K]]
) -> Picture[K]:
    """Layers side by side, each in the middle of the picture's height."""
    heights = [_height(column, sizes) for column in columns]
    tallest, left = max(heights, default=0), 0
    spots: dict[K, Spot] = {}
    lanes: dict[tuple[K, K], list[tuple[int, int]]] = {}
    for column, height in zip(columns, heights, strict=True):
        width = max((sizes[i].width for i in column if not isinstance(i, _Lane)), default=0)
        top = (tallest - height) // 2
        for item, gap in zip(column, _gaps(column), strict=True):
            if isinstance(item, _Lane):
                middle = top + LANE // 2
                lanes.setdefault(item.arrow, []).extend([(left, middle), (left + width, middle)])
                top += LANE
            else:
                size = sizes[item]
                spots[item] = Spot(
                    left, top, width, size.height
                )  # as wide as all: no arrow crosses a wider one
                top += size.height
            top += gap
        left += width + ACROSS
    ways = {(a, b): lanes.get((a, b)) or list(reversed(lanes.get((b, a), []))) for a, b in arrows}
    return Picture(spots, ways, max(left - ACROSS, 0), tallest)


def _height(column: Sequence[K | _Lane[K]], sizes: Mapping[K, Size]) -> int:
    heights = [LANE if isinstance(item, _Lane) else sizes[item].height for item in column]
    return sum(heights) + sum(_gaps(column))


def _gaps(column: Sequence[K | _Lane[K]]) -> list[int]:
    """What is left free below each item: nothing below the last."""
    both = [isinstance(a, _Lane) and isinstance(b, _Lane) for a, b in pairwise(column)]
    return [*(LANES if lanes else BETWEEN for lanes in both), 0][: len(column)]
