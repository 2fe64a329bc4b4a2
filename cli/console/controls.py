"""What people press and fill in: a browser's own elements, which keyboards and screen readers know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from local.errors import LakeError

VALUE = "(e) => emit(e.target.value)"
CHECKED = "(e) => emit(e.target.checked)"


class Choice:
    """A list to choose from: `options` have a text each; `value` is what is chosen now."""

    def __init__(
        self,
        label: str,
        options: Mapping[str, str],
        value: str = "",
        on_change: Callable[[str], Any] = lambda _: None,
    ) -> None:
        self.value = value if value in options else next(iter(options), "")
        self._on_change = on_change
        with ui.element("label").classes("field"):
            TextElement(tag="span", text=label)
            with ui.element("select").on("change", self._choose, js_handler=VALUE):
                for each, text in options.items():
                    option = TextElement(tag="option", text=text)
                    option.props["value"] = each
                    option.props.set_bool("selected", each == self.value)

    def _choose(self, event: GenericEventArguments) -> None:
        self.value = str(event.args)
        self._on_change(self.value)


class Field:
    """A line to fill in; `kind` as HTML has it: text, date, search."""

    def __init__(self, label: str, kind: str = "text", value: str = "") -> None:
        self.label, self.value = label, value
        with ui.element("label").classes("field"):
            TextElement(tag="span", text=label)
            field = ui.element("input").on("change", self._fill, js_handler=VALUE)
        field.props["type"], field.props["value"] = kind, value

    @property
    def date(self) -> dt.date | None:
        """None where nothing is filled in. Raises LakeError for what is no date."""
        try:
            return dt.date.fromisoformat(self.value) if self.value else None
        except ValueError as error:
            raise LakeError(
                f"{self.label}: expected a date, found {self.value!r}", "write YYYY-MM-DD"
            ) from error

    def _fill(self, event: GenericEventArguments) -> None:
        self.value = str(event.args)


class Check:
    """A box to tick."""

    def __init__(self, label: str) -> None:
        self.value = False
        with ui.element("label").classes("field check"):
            ui.element("input").props('type="checkbox"').on("change", self._tick, js_handler=CHECKED)
            TextElement(tag="span", text=label)

    def _tick(self, event: GenericEventArguments) -> None:
        self.value = bool(event.args)


def button(text: str, on_click: Callable[[], Any], *, main: bool = False) -> TextElement:
    """`main` is what most people come for."""
    made = TextElement(tag="button", text=text).classes("main" if main else "")
    made.props["type"] = "button"
    return made.on("click", on_click)
