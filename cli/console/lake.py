"""The lake that a console shows, asked in threads: NiceGUI's own must never wait for AWS."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from nicegui import run

from cli.console.history import History
from cli.console.project import reread_if_changed
from cli.console.work import Work
from cli.targets import current_target, domains_of
from cli.targets import target as target_of
from local.console import say
from local.errors import expected
from local.session import DEMO, STATE, Session

if TYPE_CHECKING:
    from cli.console.asked import Asked

T = TypeVar("T")
SECONDS = 2.0  # between two looks at something that changes, on the laptop
SECONDS_ON_AWS = 15.0


@dataclass
class Lake:
    """`option` names the lake in a command that people may paste. `confidential`: whether values of
    confidential columns are shown, until the console ends; `dark`: None is as the browser has it. `asked`:
    the last statement of each page that asks some.
    """

    env: str | None
    demo: bool
    option: str
    confidential: bool = False
    dark: bool | None = None
    works: list[Work] = field(default_factory=list)
    asked: dict[str, Asked] = field(default_factory=dict)
    history: History = field(init=False)
    _own: threading.local = field(default_factory=threading.local)
    _deploying: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.history = History(None if self.env else DEMO if self.demo else STATE)

    @property
    def domains(self) -> tuple[str, ...]:
        return domains_of(self.env, demo=self.demo)

    @property
    def seconds(self) -> float:
        return SECONDS_ON_AWS if self.env else SECONDS

    @property
    def title(self) -> str:
        return f"{self.env} on AWS" if self.env else "the demo's lake" if self.demo else "this laptop"

    async def ask(self, question: Callable[[Session], T]) -> T:
        """The answer of a function that waits for AWS or reads files; raises what that raises."""
        found = await run.io_bound(lambda: (self.answer(question),))
        if found is None:
            raise asyncio.CancelledError  # the console ends: NiceGUI gives nothing back then
        return found[0]

    def answer(self, question: Callable[[Session], T]) -> T:
        """The same in this thread. After an error its session is made anew: the laptop's lake may have
        stopped, and credentials end.
        """
        try:
            return question(self._session())
        except expected():
            self._own.session = None
            raise

    def _session(self) -> Session:
        """Of this thread: sessions of boto3 are for one thread."""
        known: Session | None = getattr(self._own, "session", None)
        if known is None:
            known = self._own.session = target_of(self.env, demo=self.demo)
        return known

    def current(self, work: Work | None = None) -> Session:
        """For what brings data: on the laptop with contracts and code as they are on disk now, which a work
        tells of.
        """
        with self._deploying:
            reread_if_changed()
            return current_target(self.env, demo=self.demo, report=work.tell if work else say)
