"""How well and how fast keywords are matched to titles: `./lake bench keywords`.

Titles are split into three that never meet: outside the catalogue, learned from, and tested. Test queries are
in eleven kinds of noise, with extra phrases that training did not see; queries outside the catalogue are real
titles of other films.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from domains.search.keywords.noise import Noise
from domains.search.keywords.normaliser import Match, Normaliser
from domains.search.keywords.text import slug
from domains.search.sample import catalogue

OUTSIDE, TESTED = 720, 660
UNSEEN_WORDS = (
    "hd",
    "bluray",
    "thuyết minh full",
    "tập cuối",
    "phim lẻ",
    "phim hay",
    "season 1",
    "netflix",
    "2021",
    "xem",
    "mới nhất",
    "4k",
)
LEAST_TOP1, LEAST_RIGHT, MOST_WRONG, MOST_FALSE, LEAST_PER_SECOND = 0.985, 0.88, 0.005, 0.035, 4000


@dataclass(frozen=True)
class Query:
    """A search, the kind of noise in it, and the slug of the title it means; None: one
    outside the catalogue.
    """

    text: str
    kind: str
    meant: str | None


@dataclass(frozen=True)
class Figures:
    """Shares of the queries: `top1` of the best candidate, whatever its score; `right` and `wrong` of what
    was matched.
    """

    queries: int
    top1: float
    right: float
    wrong: float
    review: float


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench keywords", description=__doc__)
    parser.add_argument("--seed", type=int, default=22, help="of the split and of the noise (default 22)")
    seed = parser.parse_args(argv).seed
    outside, learned, tested = split(seed)
    began = time.process_time()
    normaliser = Normaliser.of([*learned, *tested], learn_from=learned)
    training = time.process_time() - began
    queries = [*noisy(tested, seed), *(Query(t, "outside", None) for t in outside)]
    began = time.process_time()
    matches = normaliser.matches([q.text for q in queries])
    spent = time.process_time() - began
    print(
        f"{len(learned) + len(tested):,} titles, trained in {training:.1f} CPU s, {len(queries):,} queries in"
        f" {spent:.2f} CPU s"
    )
    return 0 if _print_report(queries, matches, len(queries) / spent) else 1


def split(seed: int) -> tuple[list[str], list[str], list[str]]:
    """Titles outside the catalogue, those to learn from, and those to test; no slug is in two of them."""
    titles = list({slug(t): t for t in reversed(catalogue.titles()) if slug(t)}.values())
    random.Random(seed).shuffle(titles)
    return titles[:OUTSIDE], titles[OUTSIDE + TESTED :], titles[OUTSIDE : OUTSIDE + TESTED]


def noisy(titles: Sequence[str], seed: int) -> list[Query]:
    noise = Noise(seed, UNSEEN_WORDS)
    return [Query(spoil(t), kind, slug(t)) for t in titles for kind, spoil in noise.kinds.items()]


def figures(queries: Sequence[Query], matches: Sequence[Match]) -> Figures:
    """Of queries that mean a title."""
    n = len(queries)
    pairs = list(zip(queries, matches, strict=True))
    return Figures(
        n,
        sum(m.best_slug == q.meant for q, m in pairs) / n,
        sum(m.status == "matched" and m.slug == q.meant for q, m in pairs) / n,
        sum(m.status == "matched" and m.slug != q.meant for q, m in pairs) / n,
        sum(m.status == "review" for _, m in pairs) / n,
    )


def _print_report(queries: Sequence[Query], matches: Sequence[Match], speed: float) -> bool:
    """Prints the tables; whether every target is met."""
    inside = [i for i, q in enumerate(queries) if q.meant is not None]
    outside = [m for q, m in zip(queries, matches, strict=True) if q.meant is None]
    rows = {
        "all": inside,
        **{
            kind: [i for i in inside if queries[i].kind == kind]
            for kind in dict.fromkeys(queries[i].kind for i in inside)
        },
    }
    by_kind = {name: figures([queries[i] for i in at], [matches[i] for i in at]) for name, at in rows.items()}
    print(
        "\n| noise | queries | top-1 | matched right | matched wrong | review"
        " |\n|---|---:|---:|---:|---:|---:|"
    )
    for name, f in by_kind.items():
        print(
            f"| {name.replace('_', ' ')} | {f.queries:,} | {f.top1:.4f} | {f.right:.4f} | {f.wrong:.4f} |"
            f" {f.review:.4f} |"
        )
    false = sum(m.status == "matched" for m in outside) / len(outside)
    targets = (
        ("top-1", by_kind["all"].top1, LEAST_TOP1, by_kind["all"].top1 >= LEAST_TOP1),
        ("matched right", by_kind["all"].right, LEAST_RIGHT, by_kind["all"].right >= LEAST_RIGHT),
        ("matched wrong", by_kind["all"].wrong, MOST_WRONG, by_kind["all"].wrong <= MOST_WRONG),
        (f"false matches of {len(outside)} titles outside", false, MOST_FALSE, false <= MOST_FALSE),
        ("queries per CPU second", speed, LEAST_PER_SECOND, speed >= LEAST_PER_SECOND),
    )
    print("\n| figure | measured | target | met |\n|---|---:|---:|---|")
    for name, value, target, met in targets:
        print(f"| {name} | {value:,.4f} | {target:,} | {'yes' if met else 'NO'} |")
    return all(met for *_, met in targets)


if __name__ == "__main__":
    raise SystemExit(main([]))
