"""A console that is open all day needs no more memory in the evening: neither its process nor the browser."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page

from cli.console.server import address, free_port, new_token
from local.settings import ROOT
from tests.console.conftest import environment

WARM, LOOKS = 3_000, 15_000
PAGES = (
    "/quality?domain=shop",
    "/runs?domain=shop",
    "/run?domain=shop&run=run-1",
    "/query?domain=shop&report=daily_revenue",
)
MOST_MB = 10.0
MINUTES = 10
MIB = 1024 * 1024


@pytest.fixture
def served(tmp_path: Path, project: Path) -> Iterator[tuple[str, psutil.Process]]:
    port, token = free_port(None), new_token()
    command = [sys.executable, "-m", "tests.console.flat", str(port), token]
    with (tmp_path / "log").open("wb") as log:
        started = subprocess.Popen(command, cwd=ROOT, env=environment(project), stdout=log, stderr=log)
    try:
        wait_until_served(port)
        yield address(port, token), psutil.Process(started.pid)
    finally:
        started.terminate()
        started.wait(20)
    assert "Traceback" not in (tmp_path / "log").read_text()


def wait_until_served(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
            return
        time.sleep(0.2)
    raise AssertionError("the console does not serve")


def shown(page: Page) -> int:
    """How many looks the lake had when the page was drawn last."""
    return int(
        page.evaluate("Math.max(0, ...[...document.body.innerText.matchAll(/run-(\\d+)/g)].map(m => +m[1]))")
    )


def heap(page: Page) -> float:
    """What the browser holds of a page after it has tidied up, in MiB."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"] / MIB
    session.detach()
    return used


def wait_for(page: Page, looks: int) -> None:
    end = time.monotonic() + 60 * MINUTES
    while shown(page) < looks:
        assert time.monotonic() < end, f"{shown(page)} of {looks} looks"
        time.sleep(1)


@pytest.mark.slow
def test_memory_stays_flat_while_a_lake_changes_at_every_look(
    browser: Browser, served: tuple[str, psutil.Process]
) -> None:
    where, process = served
    context = browser.new_context()
    context.new_page().goto(where.replace("/?", "/reports?"))  # asks the lake nothing
    home, pages = where.partition("/?")[0], [context.new_page() for _ in PAGES]
    for page, path in zip(pages, PAGES, strict=True):
        page.goto(f"{home}{path}")
    wait_for(pages[0], WARM)
    before = [process.memory_info().rss / MIB, *map(heap, pages)]
    wait_for(pages[0], LOOKS)
    after = [process.memory_info().rss / MIB, *map(heap, pages)]
    context.close()
    grown = [round(b - a, 1) for a, b in zip(before, after, strict=True)]
    assert max(grown) < MOST_MB, f"MiB of the process, then of each page: {grown}"
