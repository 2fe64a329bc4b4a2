"""The pages by themselves: on this machine only, with a keyboard, on a phone, and for everybody's eyes."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.console.conftest import PHONE, WIDTH, Visitor
from tests.pipeline.delivered import SALES

PAGES = (
    "/",
    "/files?domain=shop",
    "/files?domain=shop&outcome=quarantined",
    "/file?key=shop/events/cut.json.gz",
    "/file?key=shop/events/never.csv",
    "/runs?domain=shop",
    "/run?domain=shop&run=never",
)


def test_it_listens_on_this_machine_only(console: str) -> None:
    port = urlsplit(console).port
    assert port is not None
    socket.create_connection(("127.0.0.1", port), 5).close()
    with pytest.raises(ConnectionRefusedError):  # of the loopback as well, but bound to no such address
        socket.create_connection(("127.0.0.2", port), 5)


def test_without_its_token_nothing_is_served(console: str) -> None:
    home = console.partition("?")[0]
    for path in ("", "?token=guess", "files", "_nicegui_ws/socket.io/?EIO=4&transport=polling"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{home}{path}")
        assert refused.value.code == 403
        assert "./lake console printed" in refused.value.read().decode()


@pytest.mark.parametrize(
    "visitor", [(WIDTH, "light"), (WIDTH, "dark"), (PHONE, "light")], indirect=True, ids=str
)
def test_axe_finds_nothing_serious_and_no_page_is_wider_than_its_screen(
    visitor: Visitor, judged: None
) -> None:
    found = {}
    for path in PAGES:
        visitor.open(path)
        wide = visitor.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        found[path] = [*visitor.findings(), *([f"{wide} px too wide"] if wide > 0 else [])]
    assert {path: what for path, what in found.items() if what} == {}
    assert visitor.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") == (
        visitor.page.locator("body.body--dark").count() == 1
    )


def test_a_keyboard_is_enough(visitor: Visitor, judged: None) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    visitor.open("/")
    keys.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the page")
    expect(page.locator(":focus")).to_be_in_viewport()
    keys.press("Enter")
    assert page.evaluate("document.activeElement.contains(document.querySelector('h1'))")
    visitor.open("/")
    press_to(visitor, "Files")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    keys.press("Enter")
    page.wait_for_url("**/files")
    visitor.settled()
    press_to(visitor, "shop")
    keys.press("Enter")
    page.wait_for_url("**/files?domain=shop")
    visitor.settled()
    page.get_by_label("Key contains").focus()
    keys.type("cut")
    keys.press("Enter")
    page.wait_for_url("**key=cut")
    visitor.settled()
    press_to(visitor, "cut.json.gz")
    keys.press("Enter")
    expect(page.get_by_text("corrupt_gzip")).to_be_visible()


def press_to(visitor: Visitor, text: str) -> None:
    """Tab until the focus is on what has this text."""
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate("document.activeElement.textContent") == text:
            return
    raise AssertionError(f"Tab never came to {text}")


def test_files_are_chosen_by_keyboard(visitor: Visitor) -> None:
    visitor.open("/files?domain=retail&dataset=sales")
    field = visitor.page.get_by_label("Drop files here")
    with visitor.page.expect_file_chooser() as chooser:
        field.press("Enter")
    chooser.value.set_files([{"name": "by-key.csv", "mimeType": "text/csv", "buffer": SALES}])
    row = visitor.page.get_by_role("table", name="What you dropped").get_by_role("row")
    expect(row.filter(has_text="by-key.csv")).to_contain_text("deferred", timeout=60_000)


def test_files_are_dragged_here(visitor: Visitor) -> None:
    visitor.open("/files?domain=retail&dataset=sales")
    carried = visitor.page.evaluate_handle(
        "() => { const d = new DataTransfer(); d.items.add(new File(['9|109|1|2026-01-01|2|20.00|web||\\n'], 'dragged.csv')); return d }"
    )
    visitor.page.dispatch_event(".drop", "drop", {"dataTransfer": carried})
    row = visitor.page.get_by_role("table", name="What you dropped").get_by_role("row")
    expect(row.filter(has_text="dragged.csv")).to_contain_text("deferred", timeout=60_000)


def test_the_focus_stays_while_a_page_looks_again(visitor: Visitor, judged: None) -> None:
    visitor.open("/files?domain=shop")
    link = visitor.page.get_by_role("link", name="cut.json.gz")
    link.focus()
    visitor.page.evaluate("document.querySelectorAll('.section').forEach((e) => { e.innerHTML += ' '; })")
    expect(visitor.page.get_by_role("link", name="cut.json.gz")).to_be_focused()


def test_what_is_confidential_is_shown_to_who_asks_for_it(visitor: Visitor, judged: None) -> None:
    visitor.open("/file?key=shop/events/latin.csv")
    expect(visitor.page.get_by_text("line 2: •••")).to_be_visible()
    visitor.page.get_by_role("button", name="Show confidential").click()
    expect(visitor.page.get_by_text("line 2: e20,u9,2026-02-01T10:00:00Z,J�rgen")).to_be_visible()
    shown = visitor.page.get_by_role("button", name="Show confidential")
    expect(shown).to_have_attribute("aria-pressed", "true")
    shown.click()
    expect(visitor.page.get_by_text("line 2: •••")).to_be_visible()


def test_what_goes_wrong_is_said_with_the_next_step(visitor: Visitor) -> None:
    visitor.open("/run?domain=shop&run=never")
    expect(visitor.page.get_by_role("alert")).to_contain_text("shop has no run never")
    expect(visitor.page.get_by_role("alert")).to_contain_text("./lake status shop has the last")
    visitor.open("/runs?domain=shop")
    visitor.page.get_by_label("From date").fill("2026-02-01")
    visitor.page.get_by_label("To date").fill("2026-01-01")
    visitor.page.get_by_role("button", name="Start run").click()
    said = visitor.page.get_by_text("--from-date 2026-02-01 is after --to-date 2026-01-01")
    expect(said).to_be_visible()
    visitor.open("/")  # it stays until somebody takes notice
    expect(said).to_be_visible()
    visitor.page.get_by_role("button", name="Dismiss").click()
    expect(said).not_to_be_visible()
