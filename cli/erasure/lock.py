"""A domain that no run may own while people leave it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.erasure.objects import ErasureError
from shared.ledger import Ledger

POLL_SECONDS = 5
PROLONGED_SECONDS = 60
# As long as one large file may take. Were this command to die, others wait no longer.
HELD_SECONDS = 3600


class DomainLock:
    """The lock of a domain, for an erasure by its id. `alive`: whether a run goes on, which may own it."""

    def __init__(self, ledger: Ledger, domain: str, erasure_id: str, alive: Callable[[str], bool]) -> None:
        self._ledger, self._domain, self._id, self._alive = ledger, domain, erasure_id, alive
        self._at = float("-inf")

    @contextmanager
    def held(self, *, wait: bool = False) -> Iterator[None]:
        """Raises ErasureError where a run owns the domain; with `wait` it ends first."""
        while not self._taken():
            if not wait:
                raise self._refused()
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            self._ledger.release_lock(self._domain, self._id)

    def prolong(self) -> None:
        """To be called again and again. Raises ErasureError where somebody else took the domain."""
        if time.monotonic() > self._at + PROLONGED_SECONDS and not self._taken():
            raise self._refused()

    def _taken(self) -> bool:
        owner = self._ledger.lock_owner(self._domain)
        dead = owner if owner and owner != self._id and not self._alive(owner) else None
        self._at = time.monotonic()
        return self._ledger.hold(self._domain, self._id, HELD_SECONDS, dead)

    def _refused(self) -> ErasureError:
        return ErasureError(
            f"run {self._ledger.lock_owner(self._domain)} owns {self._domain}",
            "wait until it has ended, then give the same command again: it does what is left",
        )
