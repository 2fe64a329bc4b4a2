"""A part of a page whose contents are asked for: it loads, shows, looks again, and says what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from nicegui import ui

from cli.console.lake import Lake
from cli.console.parts import problem, quiet
from local.errors import expected, told
from local.session import Session

T = TypeVar("T")


class Section(Generic[T]):
    """`load` runs in a thread; `show` makes elements of what it gave, only where that is another than before.

    `every`: seconds between two looks, None for one look; `until`: whether what was found changes no more.
    The timer ends with the browser's page.
    """

    def __init__(
        self,
        lake: Lake,
        load: Callable[[Session], T],
        show: Callable[[T], None],
        *,
        every: float | None = None,
        until: Callable[[T], bool] = lambda _: False,
    ) -> None:
        self._lake, self._load, self._show, self._until = lake, load, show, until
        self._shown: tuple[str, object] | None = None
        self.body = ui.element("div").classes("section").props("aria-busy=true")
        with self.body:
            quiet("Loading …")
        self._timer = ui.timer(every or 0.01, self.look, once=every is None)

    async def look(self) -> None:
        """Asks now, and shows what is new."""
        try:
            found = await self._lake.ask(self._load)
        except expected() as error:
            text, do = told(error)
            self._replace(("error", (text, do)), lambda: problem(text, do))
            return
        if self.body.is_deleted:
            return
        self._replace(("found", found), lambda: self._show(found))
        if self._until(found) and not self._timer.is_deleted:
            self._timer.deactivate()

    def _replace(self, found: tuple[str, object], show: Callable[[], None]) -> None:
        if found == self._shown or self.body.is_deleted:
            return
        self._shown = found
        self.body.clear()
        self.body.props("aria-busy=false")
        with self.body:
            show()
