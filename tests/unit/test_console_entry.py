"""Who may enter the console."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cli.console.entry import ELSEWHERE, NO_TOKEN, Entry
from cli.console.server import free_port
from local.errors import LakeError

OWN = {"host": "127.0.0.1:8123"}
COOKIE = {"cookie": "lake-console-8123=secret"}


async def page(scope: Any, receive: Any, send: Any) -> None:
    """What the entry stands before."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-page", b"1")]})
    await send({"type": "http.response.body", "body": b"the page"})


def answer(path: str, headers: dict[str, str], kind: str = "http") -> list[dict[str, Any]]:
    """What is sent back, message by message."""
    sent: list[dict[str, Any]] = []
    place, _, query = path.partition("?")
    scope = {
        "type": kind,
        "method": "GET",
        "path": place,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, str]:
        return {"type": f"{kind}.connect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Entry(page, token="secret", port=8123)(scope, receive, send))
    return sent


def status_and_text(path: str, headers: dict[str, str]) -> tuple[int, str]:
    start, body = answer(path, headers)
    return start["status"], body["body"].decode().strip()


def headers_of(path: str, headers: dict[str, str]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in answer(path, headers)[0]["headers"]}


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", OWN),
        ("/?token=", OWN),
        ("/?token=guess", OWN),
        ("/?token=secre\u00fc", OWN),
        ("/", {**OWN, "cookie": "lake-console-8123=guess"}),
        ("/", {**OWN, "cookie": "lake-console-9999=secret"}),
        ("/_nicegui/3/static/nicegui.js", OWN),
    ],
)
def test_without_the_token_there_is_a_sentence_and_nothing_else(path: str, headers: dict[str, str]) -> None:
    assert status_and_text(path, headers) == (403, NO_TOKEN)


def test_the_token_becomes_a_cookie_of_this_server_and_leaves_the_address() -> None:
    assert answer("/runs?domain=shop&token=secret", OWN)[0]["status"] == 303
    found = headers_of("/runs?domain=shop&token=secret", OWN)
    assert found["location"] == "/runs?domain=shop"
    assert found["set-cookie"] == "lake-console-8123=secret; HttpOnly; Path=/; SameSite=strict"
    assert found["referrer-policy"] == "no-referrer"


def test_who_has_the_cookie_gets_pages_that_load_from_nowhere_else() -> None:
    assert status_and_text("/", OWN | COOKIE) == (200, "the page")
    found = headers_of("/", OWN | COOKIE)
    assert found["x-page"] == "1"
    assert found["content-security-policy"].startswith("default-src 'self';")


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8123"},  # a name that leads to this machine
        {**OWN, "origin": "http://evil.example"},
        {**OWN, "origin": "http://127.0.0.1:9999"},  # another server of this machine: it is sent our cookie
        {},
    ],
)
def test_pages_of_other_servers_are_refused_whatever_they_have(headers: dict[str, str]) -> None:
    assert status_and_text("/?token=secret", headers | COOKIE) == (403, ELSEWHERE)


def test_a_web_socket_needs_the_cookie_too() -> None:
    assert answer("/_nicegui_ws/", OWN, "websocket") == [{"type": "websocket.close", "code": 1008}]
    own = {**OWN, **COOKIE, "origin": "http://127.0.0.1:8123"}
    assert answer("/_nicegui_ws/", own, "websocket") == [{"type": "websocket.accept"}]
    foreign = {**own, "origin": "http://127.0.0.1:9999"}
    assert answer("/_nicegui_ws/", foreign, "websocket") == [{"type": "websocket.close", "code": 1008}]


def test_a_port_is_free_or_said_to_be_taken() -> None:
    port = free_port(None)
    assert free_port(port) == port
    with pytest.raises(LakeError, match=r"port 70000 of 127\.0\.0\.1 cannot be had"):
        free_port(70_000)
