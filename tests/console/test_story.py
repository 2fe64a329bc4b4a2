"""What people do in the console, in a real browser: drop, see why, run, mend, replay."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.console.conftest import LATIN, Visitor
from tests.pipeline.delivered import CUT_OFF, EVENTS

RUN_MS = 240_000
SILVER, QUARANTINE = 2, 4  # cells
MENDED = LATIN.replace(b"e20", b"e21")  # a content that no other file has
# The emulation stops the job first, at times: then the run has failed before it is aborted.
STOPPED = re.compile("ABORTED|FAILED")
ENDED = re.compile("^(ABORTED|FAILED)$")


def dropped(visitor: Visitor, *files: tuple[str, bytes]) -> None:
    """Chosen in the field for files."""
    payload = [{"name": name, "mimeType": "", "buffer": content} for name, content in files]
    visitor.page.get_by_label("Drop files here").set_input_files(payload)


def ran(visitor: Visitor) -> None:
    """Waits on a run's page for its end."""
    visitor.page.wait_for_url("**/run?*", timeout=RUN_MS)
    expect(visitor.page.get_by_text("SUCCEEDED", exact=True)).to_be_visible(timeout=RUN_MS)
    visitor.settled()


def held(visitor: Visitor, zone: int) -> int:
    """The rows that a zone of the shop holds, by the place of its cell."""
    table = visitor.page.get_by_role("table", name="What each zone holds now")
    visitor.settled()
    line = table.get_by_role("row").filter(has_text="shop")
    found = (
        re.search(r"([\d,]+) rows?\b", line.get_by_role("cell").nth(zone).inner_text())
        if line.count()
        else None
    )
    return int(found[1].replace(",", "")) if found else 0


def verdict(visitor: Visitor, name: str) -> str:
    """The line of a file that was dropped here, once it has its outcome."""
    row = visitor.page.get_by_role("table", name="What you dropped").get_by_role("row").filter(has_text=name)
    expect(row).to_be_visible()
    expect(row).not_to_contain_text("on its way", timeout=60_000)
    return row.inner_text()


def test_files_are_dropped_judged_run_mended_and_replayed(visitor: Visitor, lake: Path) -> None:
    page = visitor.page
    visitor.open("/")
    silver, quarantine = held(visitor, SILVER), held(visitor, QUARANTINE)  # of other tests' files
    visitor.open("/files?domain=shop")
    dropped(visitor, ("cut-off.json.gz", CUT_OFF), ("events.ndjson", EVENTS), ("mended.csv", MENDED))
    assert "corrupt_gzip" in verdict(visitor, "cut-off.json.gz")
    assert "Have it sent again" in verdict(visitor, "cut-off.json.gz")
    assert "accepted" in verdict(visitor, "events.ndjson")
    assert "too_many_unreadable" in verdict(visitor, "mended.csv")
    assert visitor.findings() == []
    visitor.picture("files")

    visitor.open("/runs?domain=shop")
    page.get_by_role("button", name="Start run").click()
    ran(visitor)
    rows = page.get_by_role("table", name="Records by what became of them")
    expect(rows.get_by_role("row").filter(has_text="events")).to_have_text(
        "events 1 10 8 2 0 0".replace(" ", "")
    )
    states = page.locator("ol.states")
    for job in ("BronzeToSilver", "SilverToGold"):
        cost = re.compile(r"0\.0[0-9]{3} USD: 0\.0[0-9]{2} DPU-hours")  # a minute at least, two workers
        expect(states.get_by_role("listitem").filter(has_text=job)).to_contain_text(cost)
    assert visitor.findings() == []
    visitor.picture("run")

    visitor.open("/")
    assert (held(visitor, SILVER), held(visitor, QUARANTINE)) == (silver + 8, quarantine + 2)
    fresh = (
        page.get_by_role("table", name="Age of the newest file").get_by_role("row").filter(has_text="events")
    )
    expect(fresh).to_contain_text("30 h at most")
    assert visitor.findings() == []
    visitor.picture("overview")

    visitor.open("/file?key=shop/events/events.ndjson")
    bad = page.get_by_role("table", name="Records that no table has").get_by_role("row")
    expect(bad.filter(has_text="line 2")).to_contain_text('{"event_id":"e2"'.replace(":", ": "))
    expect(bad.filter(has_text="line 2")).to_contain_text("invalid_value")
    expect(bad.filter(has_text="line 3")).to_contain_text("corrupt_record")
    expect(page.get_by_text("nobody")).to_have_count(0)  # the address that is none
    assert visitor.findings() == []

    visitor.open("/file?key=shop/events/mended.csv")
    expect(page.get_by_text("too_many_unreadable")).to_be_visible()
    assert visitor.findings() == []
    visitor.picture("file")
    mend(lake)
    page.get_by_role("link", name="replay it").click()
    visitor.settled()
    expect(page.get_by_label("Reason")).to_have_value("too_many_unreadable")
    page.get_by_role("button", name="Replay").click()
    ran(visitor)
    visitor.open("/file?key=shop/events/mended.csv")
    expect(page.get_by_text("accepted", exact=True)).to_be_visible()
    expect(page.get_by_text("silver.events").first).to_be_visible()


def mend(project: Path) -> None:
    """The contract of events takes the encoding that was refused."""
    file = project / "domains" / "shop" / "contract.odcs.yaml"
    text = file.read_text()
    before = "  - property: duplicateFiles\n    value: skip\n"
    place = text.index(before, text.index("name: bronze_events"))
    file.write_text(f"{text[:place]}  - property: encodings\n    value:\n    - latin-1\n{text[place:]}")


def test_a_run_is_stopped_and_redriven(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("/runs?domain=web")
    expect(page.get_by_text("No run of web yet.")).to_be_visible()
    page.get_by_role("button", name="Start run").click()
    first = stopped(visitor)
    visitor.open("/runs?domain=web")
    page.get_by_role("button", name="Redrive").click()  # the emulation has no redrive: another begins
    second = stopped(visitor)
    assert first != second
    visitor.open("/runs?domain=web")
    lines = page.get_by_role("table", name="The newest runs").get_by_role("row").filter(has_text=STOPPED)
    expect(lines).to_have_count(2)


def stopped(visitor: Visitor) -> str:
    """The address of a run that is stopped on its page, which says then how it goes on."""
    visitor.page.wait_for_url("**/run?*")
    expect(visitor.page.get_by_text("RUNNING", exact=True)).to_be_visible()
    visitor.page.get_by_role("button", name="Stop this run").click()
    expect(visitor.page.get_by_text(ENDED)).to_be_visible(timeout=60_000)
    expect(visitor.page.get_by_role("alert")).to_contain_text("./lake redrive web --execution")
    assert visitor.findings() == []
    return visitor.page.url
