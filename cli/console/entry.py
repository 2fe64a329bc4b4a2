"""Who may enter: whoever has the address with its token, from this machine, through pages of this server."""

from __future__ import annotations

import hmac
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.responses import PlainTextResponse, RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HOST = "127.0.0.1"
TOKEN = "token"
NO_TOKEN = (
    "This console opens by the address that ./lake console printed, with its token: copy the whole address"
    " from the terminal, or start ./lake console again."
)
ELSEWHERE = f"This console answers to its own pages at {HOST} only."
# Vue compiles templates in the browser and Quasar styles by attributes; nothing comes from elsewhere.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'self'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Entry:
    """Around the whole server, web sockets and assets included: 403 for whoever has no token.

    The token of an address becomes a cookie, so that it stands in no further address.
    """

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self.app = app
        self.token = token
        self.hosts = {f"{name}:{port}" for name in (HOST, "localhost")}
        self.cookie = f"lake-console-{port}"  # cookies know no ports: two consoles would share one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._is_own(headers):
            await _refuse(ELSEWHERE, scope, receive, send)
        elif self._is_token(_cookies(headers).get(self.cookie, "")):
            await self.app(scope, receive, _with_headers(send))
        elif scope["type"] == "http" and self._is_token(_query(scope).get(TOKEN, "")):
            await self._welcome(scope)(scope, receive, send)
        else:
            await _refuse(NO_TOKEN, scope, receive, send)

    def _is_own(self, headers: dict[str, str]) -> bool:
        """Whether a request names this server, and no page of another one sends it."""
        host, origin = headers.get("host", ""), headers.get("origin")
        return host in self.hosts and origin in (None, f"http://{host}")

    def _is_token(self, found: str) -> bool:
        return hmac.compare_digest(found.encode(), self.token.encode())

    def _welcome(self, scope: Scope) -> RedirectResponse:
        rest = urlencode({name: value for name, value in _query(scope).items() if name != TOKEN})
        response = RedirectResponse(scope["path"] + (f"?{rest}" if rest else ""), 303, headers=HEADERS)
        response.set_cookie(self.cookie, self.token, httponly=True, samesite="strict")
        return response


def _query(scope: Scope) -> dict[str, str]:
    return dict(parse_qsl(scope["query_string"].decode("latin-1")))


def _cookies(headers: dict[str, str]) -> dict[str, str]:
    return {name: morsel.value for name, morsel in SimpleCookie(headers.get("cookie", "")).items()}


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            more: list[Any] = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *more]}
        await send(message)

    return sent


async def _refuse(why: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await PlainTextResponse(f"{why}\n", 403, headers=HEADERS)(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: 403
