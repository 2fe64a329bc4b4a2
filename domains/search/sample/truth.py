"""What happened: searches of customers for films of a real catalogue, before any producer spoils them."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from domains.search.keywords.noise import EXTRA_WORDS, Noise
from domains.search.keywords.text import slug, unspaced
from domains.search.sample import catalogue

PLANS = ("Kênh Gia Đình:MOBILE", "VIP:GIFTCODE", "Standard:SVOD", "Sport K+:TVOD", "Trẻ Em:SVOD")
PLATFORMS = {
    "android": "mobile",
    "ios": "mobile",
    "smarttv-sony-android": "smarttv",
    "ottbox-fplay": "ottbox",
    "web-playfpt": "web",
    "kiosk": "others",
}
ISPS = {
    "vnpt": "local",
    "viettel": "local",
    "fpt": "local",
    "akamai": "international",
    "example isp": "unknown",
    None: "unknown",
}
NETWORKS = {
    "wifi": "wifi",
    "WIFI": "wifi",
    "WWAN": "cellular",
    "ethernet": "ethernet",
    "###": "unknown",
    "satellite": "others",
    None: "unknown",
}
ELSEWHERE = (
    "bóng đá trực tiếp hôm nay",
    "thời tiết ngày mai",
    "karaoke nhạc trữ tình",
    "vtv3 xem lại thời sự",
    "giá vàng sjc",
)
GUESTS, USERS = 0.23, 400
NO_KEYWORD = {"enter": 0.02, "quit": 0.37}


@dataclass(frozen=True)
class Film:
    """A film of the catalogue.

    `plain`: no other one is spelled alike, so that its exact spellings can mean nothing else.
    """

    id: str
    title: str
    genres: tuple[str, ...]
    plain: bool


@dataclass(frozen=True)
class Search:
    """One search.

    `folder`: the day's folder it lies in, for some not its own day; `kind` is how the keyword spells its
    film.
    """

    event_id: str
    when: dt.datetime
    folder: dt.date
    user_id: str | None
    keyword: str | None
    kind: str
    film: Film | None
    category: str
    proxy_isp: str | None
    platform: str | None
    network: str | None
    plans: tuple[str, ...]


def films() -> list[Film]:
    """The catalogue, with a number as id; the genre and the creative type are genres."""
    records = catalogue.films()
    spelled = Counter(unspaced(slug(str(f["Title"]))) for f in records)
    return [
        Film(
            f"m{i:05d}",
            str(f["Title"]),
            tuple(dict.fromkeys(g for g in (f["Major Genre"], f["Creative Type"]) if g)),
            spelled[unspaced(slug(str(f["Title"])))] == 1 and len(slug(str(f["Title"]))) > 1,
        )
        for i, f in enumerate(records)
    ]


def searches(count: int, days: int, start: dt.date, seed: int, known: list[Film]) -> list[Search]:
    rng, noise = random.Random(seed), Noise(seed, EXTRA_WORDS)
    exact = [f for f in known if f.plain and f.genres]
    spoiled = [f for f in known if f.plain and not f.genres and len(f.title) >= 8]
    plans = {u: tuple(rng.sample(PLANS, rng.choice((0, 0, 1, 1, 2)))) for u in range(USERS)}
    drawn = []
    for i in range(count):
        when = dt.datetime.combine(start, dt.time()) + dt.timedelta(seconds=rng.randrange(days * 86_400))
        number = rng.randrange(USERS)
        user = None if rng.random() < GUESTS else f"{number:08d}" if number % 16 else f"00{number}"
        if rng.random() < 0.01:
            plans[number] = tuple(rng.sample(PLANS, rng.choice((0, 1, 2))))
        category = rng.choice(("enter", "quit"))
        keyword: str | None
        keyword, kind, film = _keyword(rng, noise, exact, spoiled)
        if rng.random() < NO_KEYWORD[category]:
            keyword, kind, film = None, "none", None
        late = rng.random() < 0.03 and when.date() < start + dt.timedelta(days=days - 1)
        platform = rng.choice([*PLATFORMS, None]) if rng.random() < 0.2 else "android"
        drawn.append(
            Search(
                f"e{seed}-{i:07d}",
                when,
                when.date() + dt.timedelta(days=late),
                user,
                keyword,
                kind,
                film,
                category,
                rng.choice(list(ISPS)),
                platform,
                rng.choice(list(NETWORKS)),
                plans[number] if user is not None else (),
            )
        )
    return drawn


def _keyword(
    rng: random.Random, noise: Noise, exact: list[Film], spoiled: list[Film]
) -> tuple[str, str, Film | None]:
    """Films with genres are spelled so that they must be found; the others, whose genres cannot be missed, in
    all kinds of noise.
    """
    draw = rng.random()
    if draw < 0.1:
        return rng.choice(ELSEWHERE), "elsewhere", None
    if draw < 0.25:
        film = rng.choice(spoiled)
        kind = rng.choice(("one_typo", "word_order", "extra_words", "telex", "truncation"))
        return noise.kinds[kind](film.title), kind, film
    film, kind = rng.choice(exact), rng.choice(("case", "diacritics", "no_spaces"))
    return noise.kinds[kind](film.title), kind, film


def record(film: Film) -> dict[str, Any]:
    """The film as the web API gives it."""
    return {
        "_id": film.id,
        "title": film.title,
        "slug": slug(film.title),
        "original_title": film.title,
        "release_date": None,
        "status": "Released",
        "quality": "HD",
        "genres": ", ".join(film.genres) or None,
    }
