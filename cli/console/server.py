"""The server of the pages, on this machine only."""

from __future__ import annotations

import secrets
import socket

from nicegui import app as server
from nicegui import ui
from starlette.requests import Request

from cli.console.entry import HOST, TOKEN, Entry
from cli.console.lake import Lake
from cli.console.layout import frame
from cli.console.page import Page, Visit
from cli.console.pages import PAGES
from cli.console.parts import problem
from cli.console.project import reread_if_changed
from local.errors import LakeError, expected, told


def free_port(asked: int | None) -> int:
    """The port that is asked for, else one that is free. Raises LakeError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, asked or 0))
        except (OSError, OverflowError) as error:
            raise LakeError(
                f"port {asked} of {HOST} cannot be had: {error}",
                "name another one, or leave --port out for one that is free",
            ) from error
        return int(probe.getsockname()[1])


def new_token() -> str:
    return secrets.token_urlsafe(24)


def address(port: int, token: str) -> str:
    """Where the console opens."""
    return f"http://{HOST}:{port}/?{TOKEN}={token}"


def serve(lake: Lake, port: int, token: str) -> None:
    """Shows the pages until somebody ends it."""
    for page in PAGES:
        _register(lake, page)
    server.add_middleware(Entry, token=token, port=port)
    ui.run(
        host=HOST,
        port=port,
        title="Lake console",
        language="en-US",
        dark=lake.dark,
        reload=False,
        show=False,
        tailwind=False,
        show_welcome_message=False,
        favicon="🌊",
    )


def _register(lake: Lake, page: Page) -> None:
    @ui.page(page.path)
    def build(request: Request) -> None:
        with frame(lake, page, PAGES):
            try:
                reread_if_changed()
                page.build(Visit(lake, dict(request.query_params)))
            except expected() as error:
                problem(*told(error))
