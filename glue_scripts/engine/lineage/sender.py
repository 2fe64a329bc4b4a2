"""Events over HTTP, beside the job's own work: a receiver that is slow, wrong or not there costs the job a
few seconds at its end and a line in its log, and nothing else.
"""

from __future__ import annotations

import json
import queue
import threading
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from shared.lineage import JSON

TIMEOUT_SECONDS = 2.0  # of one request, as long as nothing moves
LAST_SECONDS = 5.0  # that a job waits at its end, at most, for what has not been sent
TRIES = 3  # requests in a row that fail before the receiver is left alone
WRONG = (OSError, HTTPException, ValueError, LookupError, BotoCoreError, ClientError)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the key is for the receiver that was named."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Sender:
    """Sends events in their order. `key` is asked once, in the sender's own thread; `secret`: its name."""

    def __init__(
        self,
        url: str,
        key: Callable[[], str | None],
        secret: str | None = None,
        last_seconds: float = LAST_SECONDS,
    ) -> None:
        self._url, self._key, self._secret, self._last_seconds = url, key, secret, last_seconds
        self._waiting = queue.SimpleQueue[JSON | None]()
        self._lock, self._taken, self._sent = threading.Lock(), 0, 0
        self._reason = ""
        self._opener = urllib.request.build_opener(_NoRedirect())
        self._thread = threading.Thread(target=self._work, name="lineage", daemon=True)
        self._thread.start()

    def send(self, event: JSON) -> None:
        """Returns at once; tables are made side by side."""
        with self._lock:
            self._taken += 1
        self._waiting.put(event)

    def close(self) -> str | None:
        """Waits a little for what is under way; what to tell of events that were not sent, if any were."""
        self._waiting.put(None)
        self._thread.join(self._last_seconds)
        missing = self._taken - self._sent
        if not missing:
            return None
        return (
            f"{missing} of {self._taken} lineage events were not sent: {self._reason or 'no answer in time'}"
        )

    def _work(self) -> None:
        failures = 0
        try:
            key = self._key()
        except WRONG as error:
            self._reason = f"the key, secret {self._secret}: {_refused(error)}"
            return
        while failures < TRIES and (event := self._waiting.get()) is not None:
            try:
                self._post(event, key)
            except WRONG as error:
                failures += 1
                self._reason = _said(error)
            else:
                self._sent, failures = self._sent + 1, 0

    def _post(self, event: JSON, key: str | None) -> None:
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self._url, json.dumps(event).encode(), headers)
        with self._opener.open(request, timeout=TIMEOUT_SECONDS):
            pass


def _refused(error: Exception) -> str:
    """Why there is no key."""
    if isinstance(error, ClientError):
        return error.response["Error"]["Code"]
    return "it has no text" if isinstance(error, LookupError) else type(error).__name__


def _said(error: Exception) -> str:
    """Without what the receiver wrote, which may repeat what it was sent."""
    status = getattr(error, "code", None)
    return f"HTTP status {status}" if status is not None else type(error).__name__
