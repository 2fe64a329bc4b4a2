"""What all pages have around them: the way to the others, the lake's name, and work under way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from nicegui import ui

from cli.catalogue_page.markup import Html, element, joined
from cli.console.controls import button
from cli.console.lake import Lake
from cli.console.page import Page
from cli.console.parts import html, link, next_step, problem
from cli.console.work import BUG, Work

HERE = Path(__file__).parent
MODES = {None: "as the browser", True: "dark", False: "light"}
AFTER = {None: True, True: False, False: None}
LOOK_SECONDS = 1.0


@contextmanager
def frame(lake: Lake, page: Page, pages: Sequence[Page]) -> Iterator[None]:
    """The place for a page's own elements."""
    ui.add_css((HERE / "style.css").read_text("utf-8"))
    ui.add_head_html(f"<script>{(HERE / 'focus.js').read_text('utf-8')}</script>")
    ui.page_title(f"{page.title} · {lake.title}")
    with ui.header(fixed=False, bordered=True).classes("top"):
        html(element("p", element("a", "Lake console", href="/"), f" {lake.title}", class_="brand"))
        html(_navigation(page, pages))
        _switches(lake)
    with ui.element("div").classes("page") as content:
        html(element("h1", page.title))
        _Works(lake)
        _show_bugs()
        yield
    ui.skip_link("Skip to the page", target=content)


def _show_bugs() -> None:
    """What nobody expected is said on the page, too; its traceback stands in the terminal."""
    place = ui.element("div")

    def show() -> None:
        place.clear()
        with place:
            problem(*BUG)

    ui.on_exception(show)


def _navigation(page: Page, pages: Sequence[Page]) -> Html:
    links = (
        element("a", each.title, href=each.path, aria_current="page" if each.path == page.path else None)
        for each in pages
        if each.listed
    )
    return element("nav", joined(links), aria_label="Pages")


def _switches(lake: Lake) -> None:
    mode = ui.dark_mode(lake.dark)

    def change_mode() -> None:
        lake.dark = AFTER[lake.dark]
        mode.value = lake.dark
        colours.text = f"Colours: {MODES[lake.dark]}"

    def change_confidential() -> None:
        lake.confidential = not lake.confidential
        ui.navigate.reload()

    with ui.element("div").classes("switches"):
        colours = button(f"Colours: {MODES[lake.dark]}", change_mode)
        shown = button("Show confidential", change_confidential)
        shown.props["aria-pressed"] = "true" if lake.confidential else "false"


class _Works:
    """What is under way, and what has ended until somebody takes notice."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._shown: list[Work] | None = None
        self._body = ui.element("div").props('role="status"')
        self.look()
        ui.timer(LOOK_SECONDS, self.look)

    def look(self) -> None:
        now = [replace(work) for work in self._lake.works]
        if now == self._shown:
            return
        self._shown = now
        self._body.clear()
        with self._body:
            for work in list(self._lake.works):
                self._show(work)

    def _show(self, work: Work) -> None:
        with ui.element("div").classes("problem" if work.ended and work.error else "work"):
            if work.ended and work.error:
                text, do = work.error
                html(element("p", f"{work.what}: {text}"), next_step(do))
            elif not work.ended:
                html(element("p", element("span", class_="turning"), f" {work.what} … {work.said}"))
            else:
                html(element("p", f"{work.what}: done. ", link("See it", work.link) if work.link else None))
            if work.ended:
                button("Dismiss", lambda: self._dismiss(work))

    def _dismiss(self, work: Work) -> None:
        self._lake.works.remove(work)
        self.look()
