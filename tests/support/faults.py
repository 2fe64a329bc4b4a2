"""Faults that strike a client of AWS at a numbered call, as AWS and networks have them: refused, throttled, the
reply lost, the process dead, a body cut off, and a worker that sleeps while others do its work.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from botocore.response import StreamingBody
from moto.core.botocore_stubber import MockRawResponse
from moto.core.models import botocore_stubber


class Kind(StrEnum):
    """What happens to the call. The client repeats what it may, as botocore does."""

    REFUSED = "5xx, until the client gives up"
    REFUSED_ONCE = "5xx, and the client asks again"
    THROTTLED = "throttled, until the client gives up"
    REPLY_LOST = "done, the reply is lost, and the client asks again"
    TIMED_OUT = "done, and every reply is lost"
    DEAD_BEFORE = "the process ends before it"
    DEAD_AFTER = "the process ends after it"
    CUT = "the connection breaks in the body"
    OVERTAKEN = "the worker sleeps until others have done all"


class ProcessEndedError(Exception):
    """Every call of a dead process raises it: whoever catches it can do nothing with it."""


@dataclass
class Faults:
    """One fault at the n-th call of a process, counted from 1, or at its first of a name; `lives`: how many
    processes it strikes.
    """

    at: int | str = 0
    kind: Kind = Kind.REFUSED
    lives: int = 1
    meanwhile: Callable[[], None] = lambda: None
    calls: list[str] = field(default_factory=list)
    struck: list[str] = field(default_factory=list)  # the calls
    dead: bool = False
    _now: bool = False
    _attempts: int = 0
    _answers: dict[str, Any] = field(default_factory=dict)

    def watch(self, client: Any) -> None:
        """Stands between a client and the emulation."""
        events = client.meta.events
        events.unregister("before-send", botocore_stubber)
        events.register("before-call", self._begin)
        events.register("before-send", self._send)
        events.register("after-call", self._end)

    def arm(
        self, at: int | str, kind: Kind, lives: int = 1, meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        self.at, self.kind, self.lives, self.meanwhile = at, kind, lives, meanwhile
        self.struck = []
        self.new_process()

    def new_process(self) -> None:
        """The next worker: it counts its own calls."""
        self.calls, self.dead, self._now = [], False, False

    def lift(self) -> None:
        self.at = 0
        self.new_process()

    def _begin(self, model: Any, **_: Any) -> None:
        self._now, self._attempts = False, 0
        if self.dead:
            raise ProcessEndedError
        self.calls.append(str(model.name))
        if self.at not in (len(self.calls), model.name) or len(self.struck) >= self.lives:
            return
        if self.kind is Kind.CUT and model.name != "GetObject":
            return
        self.struck.append(model.name)
        if self.kind is Kind.OVERTAKEN:
            calls, self.calls = self.calls, []
            self.meanwhile()
            self.calls = calls
            return
        self._now = True
        if self.kind is Kind.DEAD_BEFORE:
            self.dead = True
            raise ProcessEndedError

    def _send(self, request: Any, **event: Any) -> Any:
        self._attempts += 1
        first = self._attempts == 1
        refused = self.kind in (Kind.REFUSED, Kind.THROTTLED) or (self.kind is Kind.REFUSED_ONCE and first)
        if self._now and refused:
            return _refusal(request, throttled=self.kind is Kind.THROTTLED)
        answer = self._answered(request, event)
        lost = self.kind is Kind.TIMED_OUT or (self.kind is Kind.REPLY_LOST and first)
        if self._now and lost:
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def _answered(self, request: Any, event: dict[str, Any]) -> Any:
        """The emulation's answer. A transaction that is asked for again by its token is answered as before,
        which moto does not do (Amazon DynamoDB API reference, TransactWriteItems, ClientRequestToken).
        """
        if not event["event_name"].endswith("TransactWriteItems"):
            return botocore_stubber(request=request, **event)
        key = bytes(request.body).decode()  # the token is in it
        if key not in self._answers:
            answer = botocore_stubber(request=request, **event)
            self._answers[key] = answer.status_code, dict(answer.headers), answer.content
        status, headers, body = self._answers[key]
        return AWSResponse(request.url, status, headers, MockRawResponse(body))

    def _end(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if not self._now:
            return
        if self.kind is Kind.DEAD_AFTER:
            self.dead = True
            raise ProcessEndedError
        if self.kind is Kind.CUT and "Body" in parsed:
            content = parsed["Body"].read()
            half = io.BytesIO(content[: len(content) // 2])
            parsed["Body"] = StreamingBody(half, len(content))


def _refusal(request: Any, *, throttled: bool) -> AWSResponse:
    """S3 answers in XML, DynamoDB in JSON; what it throttles has status 400."""
    of_s3 = "s3" in request.url.split("/")[2].split(".")
    if of_s3:
        code = "SlowDown" if throttled else "InternalError"
        status = 503 if throttled else 500
        body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>"
    else:
        code = "ThrottlingException" if throttled else "InternalServerError"
        status = 400 if throttled else 500
        body = f'{{"__type": "com.amazonaws.dynamodb.v20120810#{code}", "message": "injected"}}'
    return AWSResponse(request.url, status, {}, MockRawResponse(body.encode()))
