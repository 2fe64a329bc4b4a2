"""A laptop's lake of the tests' project, the console in a process of its own, and a browser."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from local import npm
from local.aws import process
from local.chromium import WITHOUT, chromium
from local.session import laptop_session
from local.settings import ROOT
from tests.conftest import PROJECT, SCREENSHOTS
from tests.pipeline.delivered import CUT_OFF

PICTURES = ROOT / "docs" / "howto" / "console"
SERVED_SECONDS = 60.0
EXPECTED_MS = 20_000.0
WIDTH, PHONE = 1200, 390
# In an encoding that the contract of events does not take.
LATIN = b"event_id,user_id,ts,name\ne20,u9,2026-02-01T10:00:00Z,J\xfcrgen\n"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own: its lake is nobody else's, and its contracts may be mended."""
    return shutil.copytree(PROJECT, tmp_path_factory.mktemp("console") / "project")


@pytest.fixture(scope="session")
def lake(project: Path) -> Iterator[Path]:
    """The project, whose lake runs."""
    called(project, "up")
    yield project
    called(project, "up", "--stop")


def called(project: Path, *words: str) -> None:
    subprocess.run([sys.executable, "-m", "cli", *words], cwd=ROOT, env=environment(project), check=True)


def environment(project: Path) -> dict[str, str]:
    """NiceGUI behaves in another way where it sees that pytest called it."""
    ours = ("PYTEST_CURRENT_TEST", "AWS_ENDPOINT_URL")
    return {**{k: v for k, v in os.environ.items() if k not in ours}, "LAKE_PROJECT": str(project)}


@pytest.fixture(scope="session")
def judged(lake: Path) -> None:
    """Two files of events have been refused."""
    emulation = process.running(lake / ".lake" / "aws")
    assert emulation is not None
    session = laptop_session(emulation)
    files = {"shop/events/cut.json.gz": CUT_OFF, "shop/events/latin.csv": LATIN}
    for key, content in files.items():
        session.client("s3").put_object(Bucket=session.names.bucket("raw"), Key=key, Body=content)
    from cli import demo  # not above: it brings the product's domains before the fixture's are chosen

    demo.wait_for_outcomes(session, "shop", set(files))


@pytest.fixture(scope="session")
def console(lake: Path) -> Iterator[str]:
    """The address of a console, with its token."""
    file = lake / "console.json"
    command = [sys.executable, "-m", "cli", "console", "--json", str(file)]
    with (lake / "console.log").open("wb") as log:
        started = subprocess.Popen(command, cwd=ROOT, env=environment(lake), stdout=log, stderr=log)
    try:
        yield _served(file)
    finally:
        started.send_signal(signal.SIGINT)
        assert started.wait(20) == 0
        said = (lake / "console.log").read_text()
        assert "Traceback" not in said, said


def _served(file: Path) -> str:
    end = time.monotonic() + SERVED_SECONDS
    while time.monotonic() < end:
        try:
            address = str(json.loads(file.read_text())["address"])
            socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), 5).close()
        except (OSError, ValueError):
            time.sleep(0.2)
            continue
        return address
    raise AssertionError("the console does not serve")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if (found := chromium()) is None:
        pytest.skip(WITHOUT)
    with sync_playwright() as playwright:
        expect.set_options(timeout=EXPECTED_MS)
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core, which looks for what people with disabilities cannot use."""
    return (npm.package("axe-core") / "axe.min.js").read_text("utf-8")


class Visitor:
    """Somebody with a browser, who has opened the console."""

    def __init__(self, page: Page, console: str, axe: str, pictures: Path | None) -> None:
        self.page, self.axe, self.pictures = page, axe, pictures
        self.home = console.partition("/?")[0]
        self.asked: set[str] = set()
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.add(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(console)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.home}{path}")
        self.settled()

    def settled(self) -> None:
        """Until every part of the page has loaded, and NiceGUI will not load it anew for want of a socket."""
        self.page.wait_for_function("window.did_handshake")
        self.page.wait_for_selector("h1")
        self.page.wait_for_function("!document.querySelector('.section[aria-busy=true]')")

    def findings(self) -> list[str]:
        """What axe-core finds that is serious or critical."""
        self.page.evaluate(self.axe)
        found: Any = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        bad = [v for v in found["violations"] if v["impact"] in ("serious", "critical")]
        return [f"{v['id']}: {n['html'][:200]}" for v in bad for n in v["nodes"]]

    def picture(self, name: str) -> None:
        """For the documentation, where somebody asked for pictures."""
        if self.pictures:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / f"{name}.png")


@pytest.fixture
def visitor(browser: Browser, console: str, axe: str, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """`request.param`: width and colours."""
    width, colours = getattr(request, "param", (WIDTH, "light"))
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=colours)
    context.set_default_timeout(20_000)
    pictures = PICTURES if request.config.getoption(SCREENSHOTS) else None
    made = Visitor(context.new_page(), console, axe, pictures)
    yield made
    context.close()
    assert made.errors == []
    assert {url for url in made.asked if not url.startswith((made.home, "data:", "blob:"))} == set()
