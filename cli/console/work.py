"""What takes longer than a look: it goes on when its page is left, and every page shows how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nicegui import background_tasks, context, run, ui

from local.errors import expected, told

if TYPE_CHECKING:
    from cli.console.lake import Lake


BUG = (
    "something failed that never should: a bug",
    "its traceback stands where ./lake console runs; report it with that",
)


@dataclass
class Work:
    """`what` it is, what it `said` last, and when it has ended where its result is (`link`), or the `error`
    with the next step.
    """

    what: str
    said: str = ""
    ended: bool = False
    link: str = ""
    error: tuple[str, str] | None = None

    def tell(self, text: str) -> None:
        self.said = text.strip()


def begin(lake: Lake, what: str, job: Callable[[Work], str]) -> None:
    """Starts a job in a thread. It gets its own work, to tell how it goes on, and returns the address of the
    page that has its result, or nothing.
    """
    background_tasks.create(carry_out(lake, what, job), name=what)


async def carry_out(lake: Lake, what: str, job: Callable[[Work], str]) -> Work:
    """The same, and waits for its end. What succeeded without a result needs nobody's notice."""
    work = Work(what, error=BUG)  # until it is known to be none
    lake.works.append(work)
    try:
        work.link, work.error = await run.io_bound(job, work) or "", None
    except expected() as error:
        work.error = told(error)
    finally:
        work.ended = True
    if not work.link and not work.error:
        lake.works.remove(work)
    return work


async def carry_out_and_show(lake: Lake, what: str, job: Callable[[Work], str]) -> None:
    """The same, and goes to the result, unless the page that asked for it was left meanwhile."""
    client = context.client
    work = await carry_out(lake, what, job)
    if work.link and client.has_socket_connection:
        lake.works.remove(work)
        with client:
            ui.navigate.to(work.link)
