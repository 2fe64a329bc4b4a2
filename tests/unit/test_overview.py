"""`./lake status` without a domain: one screen, the worst first, and the same for machines."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cli.attention import ranked
from cli.item import Item
from cli.overview import Attention, overview, worst_first

FULL = {"read": {"accepted": 1204, "pending": 3, "quarantined": 12}}


def known(status: str = "SUCCEEDED", hours: float = 3, **files: dict[str, int]) -> dict[str, Any]:
    began = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    return {"files": files, "runs": [{"run_id": "r1", "status": status, "started": began.isoformat()}]}


def test_the_screen_begins_with_the_worst_and_ends_with_a_line_for_each_domain() -> None:
    query = './lake query --domain shop "select reasons, columns, raw_record, source_file from quarantine.users_rows"'
    items = {
        "shop": [Item("users: 40 of 100 records\n  are in quarantine", query, red=True)],
        "web": [Item("accepted files that wait for a run: 3", "./lake run web", rank=5)],
    }
    domains = {
        "shop": known(**FULL),
        "web": known("FAILED", 50, a={"accepted": 1, "pending": 3}, b={"accepted": 2, "pending": 0}),
        "new": {"files": {}, "runs": []},
    }
    found = overview("dev on this laptop", " --demo", worst_first(items), domains)
    assert [text for text, _ in found] == [
        "dev on this laptop: 2 things need attention, the worst first",
        "! shop  users: 40 of 100 records are in quarantine",
        "        → ./lake status shop --demo",
        "  web   accepted files that wait for a run: 3",
        "        → ./lake run web",
        "",
        "domain  accepted  waiting  quarantined  last run",
        "shop       1,204        3           12  succeeded, 3 hours ago",
        "web            3        3            0  failed, 2 days ago",
        "new            0        0            0  none",
    ]
    assert [red for _, red in found[:5]] == [False, True, True, False, False]


def test_a_lake_without_trouble_says_so() -> None:
    assert overview("dev on AWS", " --env dev", [], {"web": known()})[0] == (
        "dev on AWS: nothing needs attention",
        False,
    )


@pytest.mark.parametrize("number", [2, 4, 7, 50])
def test_it_fits_a_screen_however_much_there_is(number: int) -> None:
    names = [f"{'domain_of_a_long_name':.20}{i:05}" for i in range(number)]
    items = {
        n: [Item(f"{n}: {'x' * 90} {i}", f"./lake run {n} --env production" * 2) for i in range(9)]
        for n in names
    }
    listed = worst_first(items)
    lines = [
        text for text, _ in overview("dev", " --env production", listed, {n: known(**FULL) for n in names})
    ]
    assert len(lines) <= 23
    assert max(map(len, lines)) <= 80
    [more] = [line for line in lines if " more: " in line]
    shown = sum(line.lstrip().startswith("→") for line in lines)
    assert more == f"  … and {9 * number - shown} more: ./lake status DOMAIN --env production"
    assert shown >= 6


def test_red_is_before_all_else_then_the_worst_kind_of_any_domain() -> None:
    shop = ranked([Item("failed", "")], [], [Item("waits", "")])
    web = ranked([], [Item("unbalanced", "", red=True)], [Item("waits too", "")])
    quiet = ranked([Item("failed as well", "")], [], [])
    found = worst_first({"shop": shop, "web": web, "quiet": quiet})
    assert [(each.domain, each.item.what) for each in found] == [
        ("web", "unbalanced"),
        ("shop", "failed"),
        ("quiet", "failed as well"),
        ("shop", "waits"),
        ("web", "waits too"),
    ]


def test_what_all_domains_share_is_said_once_and_of_the_lake() -> None:
    letters = Item("lakehouse-dev-ingest-dlq: 2 messages", "./lake redrive shop --letters", red=True)
    other = Item(letters.what, "./lake redrive web --letters", red=True)
    assert worst_first({"shop": [letters], "web": [other]}) == [Attention("", letters)]
    assert worst_first({"shop": [letters]}) == [Attention("shop", letters)]


def test_machines_get_all_that_people_are_shown() -> None:
    found = Attention("shop", Item("what", "./lake run shop", red=True, rank=3)).document()
    assert found == {"domain": "shop", "what": "what", "do": "./lake run shop", "red": True}
