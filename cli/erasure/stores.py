"""All that keeps something of a domain, and where somebody stands there: buckets, ledger, warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cli.erasure.files import Holder
from cli.erasure.lock import DomainLock
from cli.erasure.search import STORES, Place, places, places_in_ledger
from cli.erasure.sought import Sought
from cli.erasure.warehouse import Unasked, Warehouse
from shared.names import WAREHOUSE

READ = ("raw", "bronze")  # of which the records are read, all of them


@dataclass(frozen=True)
class Stores:
    """Of an environment. `warehouse`: None where it has none; `lock`: held while anything is searched."""

    holder: Holder
    warehouse: Warehouse | Unasked | None
    lock: DomainLock | None = None

    def locked(self, lock: DomainLock) -> Stores:
        return replace(self, lock=lock)

    def places(self, *zones: str, sought: Sought | None = None) -> list[Place]:
        """Where a value stands; without zones everywhere."""
        return [p for p in self.searched(*zones, sought=sought) if not p.unopened]

    def searched(self, *zones: str, sought: Sought | None = None) -> list[Place]:
        """The same, and what could not be searched."""
        found = []
        for place in self._each(zones, sought or self.holder.sought):
            if self.lock is not None:
                self.lock.prolong()
            if place is not None:
                found.append(place)
        return found

    def _each(self, zones: Sequence[str], sought: Sought) -> Iterator[Place | None]:
        h, domain = self.holder, self.holder.contract.domain
        stored = [z for z in zones or STORES if z != WAREHOUSE]
        yield from places(h.names, h.s3, domain, sought, stored, READ)
        if not zones:
            yield from places_in_ledger(h.ledger, domain, sought)
        if self.warehouse is not None and (not zones or WAREHOUSE in zones):
            yield from self.warehouse.places(domain, sought)

    def left(self, searched: Sequence[Place]) -> list[Place]:
        """Where somebody is left: the records are read once more, for bytes do not tell all of them."""
        left = [p for p in searched if not p.unopened]
        known = {p.version for p in left}
        for finding in self.holder.examined():
            if self.lock is not None:
                self.lock.prolong()
            if finding is not None and finding.version not in known:
                left.append(Place(finding.zone, str(finding.version), finding.version))
        return left
