"""Searches → titles: what people type, and what must come of it."""

from __future__ import annotations

import numpy as np
import pytest

from domains.search.keywords.edits import distances
from domains.search.keywords.noise import Noise
from domains.search.keywords.normaliser import Normaliser
from domains.search.keywords.strings import packed
from domains.search.keywords.text import slug, telex_folded
from domains.search.sample import catalogue

ABSENT = {"The Godfather", "Predator", "Toy Story 2", "Whale Rider", "2046"}


@pytest.fixture(scope="module")
def titles() -> list[str]:
    found = [t for t in catalogue.titles() if t not in ABSENT]
    return [*found[::8], "Mắt Biếc", "Toy Story 3", "The Dark Knight", "Spirited Away", "Đất Rừng Phương Nam"]


@pytest.fixture(scope="module")
def normaliser(titles: list[str]) -> Normaliser:
    return Normaliser.of(titles)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("  Đất Rừng  Phương Nam ", "dat-rung-phuong-nam"),
        ("Ma\u0306\u0301t Bie\u0302\u0301c", "mat-biec"),  # decomposed
        ("Mắt Biếc", "mat-biec"),
        ("Ocean’s Eleven & Twelve!", "oceans-eleven-and-twelve"),
        ("_?!", ""),
        ("ĐÔI MẮT", "doi-mat"),
    ],
)
def test_a_slug_has_no_accents_case_or_signs(text: str, wanted: str):
    assert slug(text) == wanted


def test_telex_keys_and_dropped_accents_fold_to_one_text():
    assert telex_folded("mawst-bieesc") == telex_folded("mat-biec") == "mat-biec"
    assert telex_folded("ddaast") == telex_folded("dat")


def test_distances_are_those_of_the_textbook():
    pairs = [
        ("kitten", "sitting", 3),
        ("", "abc", 3),
        ("abc", "", 3),
        ("flaw", "lawn", 2),
        ("a" * 64, "a" * 63, 1),
        ("same", "same", 0),
    ]
    left, right = packed([a for a, _, _ in pairs]), packed([b for _, b, _ in pairs])
    at = np.arange(len(pairs))
    assert distances(left, at, right, at).tolist() == [d for _, _, d in pairs]
    inside = packed(["story", "stry", "zzz"])
    text = packed(["xx-toy-story-3"])
    found = distances(inside, np.arange(3), text, np.zeros(3, np.int64), anywhere=True)
    assert found.tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("keyword", "title", "kind"),
    [
        ("TOY STORY 3", "Toy Story 3", "slug"),
        ("mat biec", "Mắt Biếc", "slug"),
        ("toystory3", "Toy Story 3", "unspaced"),
        ("dark knight the", "The Dark Knight", "word_order"),
        ("xem phim the dark knight", "The Dark Knight", "title_within"),
        ("dat rung phuong nma", "Đất Rừng Phương Nam", "similar"),
        ("ddaast ruwngf phuwowng nam", "Đất Rừng Phương Nam", "telex"),
    ],
)
def test_a_keyword_finds_its_title_and_says_how(normaliser: Normaliser, keyword: str, title: str, kind: str):
    found = normaliser.matches([keyword])[0]
    assert (found.status, found.title, found.kind) == ("matched", title, kind)
    assert found.score > 0.5


@pytest.mark.parametrize(
    "keyword", ["", "?", "a", "none", "bóng đá trực tiếp", "the godfather", "2046", "thời tiết hôm nay"]
)
def test_what_the_catalogue_does_not_have_is_not_matched(normaliser: Normaliser, keyword: str):
    found = normaliser.matches([keyword])[0]
    assert found.status != "matched", found


def test_a_match_hangs_neither_on_order_nor_on_company(normaliser: Normaliser, titles: list[str]):
    noise = Noise(5)
    keywords = [noise.typo(t) for t in titles[:60]]
    together = normaliser.matches(keywords)
    assert together == [m for k in keywords for m in normaliser.matches([k])]
    assert list(reversed(normaliser.matches(keywords[::-1]))) == together


def test_the_same_titles_make_the_same_normaliser(titles: list[str], normaliser: Normaliser):
    again = Normaliser.of(titles[::-1])
    keywords = [Noise(6).extra(t) for t in titles[:200]]
    assert again.version == normaliser.version
    assert again.matches(keywords) == normaliser.matches(keywords)
    assert Normaliser.of(titles[1:]).version != normaliser.version


def test_a_score_and_a_runner_up_explain_a_match(normaliser: Normaliser):
    found = normaliser.matches(["the dark knigth"])[0]
    assert found.runner_up not in (None, "The Dark Knight")
    assert found.runner_up_score is not None
    assert found.runner_up_score < found.score


def test_a_small_catalogue_matches_exact_spellings_only():
    few = Normaliser.of(["Toy Story", "Mắt Biếc"])
    assert [m.status for m in few.matches(["toy story", "matbiec", "toy stroy"])] == [
        "matched",
        "matched",
        "not_matched",
    ]


def test_two_titles_that_only_differ_in_gaps_are_told_apart_by_gaps_alone():
    few = Normaliser.of(["Day Break", "Daybreak", "Up"])
    assert few.matches(["day break"])[0].title == "Day Break"
    assert few.matches(["daybreak"])[0].title == "Daybreak"
    assert few.matches(["dayb reak"])[0].title == "Daybreak"
