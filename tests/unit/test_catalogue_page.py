"""The catalogue as one HTML file: complete, linked, harmless and the same each time."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from cli.catalogue import (
    Catalogue,
    Column,
    DomainEntry,
    Entity,
    Flow,
    ForeignKey,
    Place,
    ReportEntry,
    catalogue,
)
from cli.catalogue.model import Channel, Person
from cli.catalogue_page import document
from cli.main import main
from shared.names import Names
from tests.conftest import PROJECT
from tests.support.catalogue_page import Page, missing

DOMAINS = ("retail", "shop", "web")
HOSTILE = '<script>alert("1")</script>\'&amp; `<img src=x onerror=alert(1)>`'
STYLE = Path(__file__).parents[2] / "cli" / "catalogue_page" / "style.css"


@cache
def written() -> str:
    return document(catalogue(DOMAINS))


@cache
def page() -> Page:
    return Page(written())


def test_every_table_and_column_of_the_contracts_is_on_the_page() -> None:
    assert missing(page(), PROJECT / "domains") == []


def test_every_link_leads_to_one_place_in_the_document() -> None:
    assert page().broken == []
    assert [id for id, times in page().ids.items() if times > 1] == []
    assert {link[0] for link in page().links} == {"#"}
    assert len(page().links) > 500


def test_nothing_is_fetched_and_nothing_runs_but_the_one_script() -> None:
    assert page().elements["script"] == 1
    assert page().elements["style"] == 1
    assert not {"link", "img", "iframe", "object", "form", "base"} & page().elements.keys()
    assert not {"src", "srcset", "action", "style"} & page().attributes.keys()
    assert not [name for name in page().attributes if name.startswith("on")]


def test_the_policy_allows_this_script_and_style_alone() -> None:
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page().contents[tag].encode()).digest()).decode()
        assert f"{tag}-src &#x27;sha256-{digest}&#x27;;" in written()
    assert 'content="default-src &#x27;none&#x27;;' in written()


def test_what_the_page_tells_of_a_table() -> None:
    told = " ".join(page().texts["shop.gold.fact_events"].split())
    assert "months(event_date)" in told
    assert "select * from gold.fact_events limit 10" in told
    assert "computed again for each event_date that changed" in told
    assert "freshness 30 h" in told
    assert "Refers to gold.dim_users.user_id" in page().texts["shop.gold.fact_events.user_id"]
    assert "Values: not below 2000-01-01T00:00:00Z" in page().texts["shop.silver.events.ts"]
    assert "groups of three with ," in page().texts["shop.raw.events.price"]
    assert "the newest version" in page().texts["shop.silver.events"]
    assert "warn when quarantine_rate is above 0.2" in page().texts["shop.silver.events"]
    assert "user_ltv" in page().texts["shop.gold.dim_users"]
    assert "data_quality" in page().texts["web.quarantine.data_quality"]


def test_a_catalogue_of_an_environment_names_its_databases() -> None:
    text = document(catalogue(("web",), Names("test", "", "", "acme")))
    assert "Data catalogue of test" in text
    assert "<code>acme_test_web_gold.daily_activity</code>" in text
    assert "<code>acme_test_web_bronze.ndjson</code>" in text
    assert "./lake query --env test --domain web" in text


def test_a_table_of_gold_shows_the_sql_that_computes_it() -> None:
    text = document(catalogue(("shop",), None))
    assert "FILTER (WHERE array_contains(parameter(&#x27;revenue_statuses&#x27;), status))" in text
    assert text.count("is this SQL; the tables are those") == 2
    assert "is code, in the domain&#x27;s transforms" in text


def hostile() -> Catalogue:
    """A catalogue in which every text and name wants to be more than that."""
    table, other = Place(HOSTILE, "gold", HOSTILE), Place(HOSTILE, "silver", f"{HOSTILE}2")
    column = Column(HOSTILE, HOSTILE, HOSTILE, True, HOSTILE, (HOSTILE,), (HOSTILE,), HOSTILE, HOSTILE, 1, 1)
    key = ForeignKey((HOSTILE,), other, (HOSTILE,))
    texts = (HOSTILE,)
    gold = Entity(
        table,
        HOSTILE,
        HOSTILE,
        HOSTILE,
        (column,),
        texts,
        texts,
        texts,
        texts,
        (key,),
        texts,
        texts,
        texts,
        texts,
        statement=HOSTILE,
    )
    silver = Entity(other, HOSTILE, HOSTILE, HOSTILE, (column,))
    domain = DomainEntry(
        name=HOSTILE,
        version=HOSTILE,
        status=HOSTILE,
        description=HOSTILE,
        usage=HOSTILE,
        limitations=HOSTILE,
        facts=texts,
        tags=texts,
        team=HOSTILE,
        people=(Person(HOSTILE, HOSTILE, HOSTILE),),
        channels=(Channel(HOSTILE, 'https://example.com/"><script>', HOSTILE),),
        agreed=((HOSTILE, HOSTILE),),
        schedule=HOSTILE,
        reasons={HOSTILE: HOSTILE},
        entities=(gold, silver),
        reports=(ReportEntry(Place(HOSTILE, "report", HOSTILE), HOSTILE, HOSTILE, HOSTILE),),
        flows=(Flow(other, table, HOSTILE),),
    )
    return Catalogue((domain,), {HOSTILE: HOSTILE}, {HOSTILE: HOSTILE}, ((HOSTILE, HOSTILE),))


def test_names_and_texts_are_never_markup() -> None:
    found = Page(document(hostile()))
    assert found.elements["script"] == 1
    assert not {"img"} & found.elements.keys()
    assert not {"src", "onerror"} & found.attributes.keys()
    assert found.broken == []
    plain = HOSTILE.replace("`", "")
    assert plain in found.texts[f"{HOSTILE}.gold.{HOSTILE}"].replace("`", "")


def test_the_same_contracts_are_the_same_bytes_in_another_process() -> None:
    code = "import sys; from cli.catalogue import catalogue; from cli.catalogue_page import document; sys.stdout.buffer.write(document(catalogue(('retail', 'shop', 'web'))).encode())"
    environment = {**os.environ, "LAKE_PROJECT": str(PROJECT), "PYTHONHASHSEED": "7"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, check=True
    )
    assert done.stdout == written().encode()


def test_a_reader_without_eyes_finds_headings_landmarks_and_captions() -> None:
    for element in ("header", "nav", "main", "search", "h1"):
        assert page().elements[element] == 1
    assert page().elements["caption"] == page().elements["table"]
    assert page().elements["title"] == page().elements["svg"] + 1
    assert '<html lang="en">' in written()


def colours(scheme: str) -> dict[str, str]:
    return dict(re.findall(r"--(\w+): (#\w{6})", scheme))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(dark: bool) -> None:
    light, _, rest = STYLE.read_text("utf-8").partition("@media (prefers-color-scheme: dark)")
    chosen = colours(rest.partition("* {")[0] if dark else light)
    grounds = ("ground", "panel", "raised", "raw", "silver", "gold", "quarantine", "report")
    pairs = [(ink, ground) for ink in ("ink", "quiet") for ground in grounds]
    pairs += [(ink, ground) for ink in ("link", "mark") for ground in ("ground", "raised")]
    weak = []
    for ink, ground in pairs:
        high, low = sorted((luminance(chosen[ink]), luminance(chosen[ground])), reverse=True)
        if (high + 0.05) / (low + 0.05) < 4.5:
            weak.append((ink, ground))
    assert weak == []


def test_the_verb_writes_chosen_domains_and_replaces_only_its_own_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs", "web", "--out", str(tmp_path / "new")]) == 0
    found = Page((tmp_path / "new" / "index.html").read_text("utf-8"))
    assert "web" in found.ids
    assert "shop" not in found.ids
    assert main(["docs", "web", "--out", str(tmp_path / "new")]) == 0
    (tmp_path / "index.html").write_text("<p>Mine</p>")
    assert main(["docs", "web", "--out", str(tmp_path)]) == 1
    assert "was not written by `./lake docs`" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text() == "<p>Mine</p>"
