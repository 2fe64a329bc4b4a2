"""How many files of a dataset are in which state: as the counters have it, so that the cost of a look does
not follow the number of files; claims, and what the counters do not know yet, in the index.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.ledger.counters import CHANGES, PENDING, REASON, RECOUNTS, Counters, Tally, tally
from shared.ledger.items import claim_state, dataset_id, deferred_id, file_of, item_of
from shared.ledger.model import FileStatus, LedgerFile
from shared.ledger.table import COUNTED, INDEX, PLACES

# States of the index, and what they are counted as: a pending file is an accepted one as well.
STATES = {
    PENDING: FileStatus.ACCEPTED,
    "processed": FileStatus.ACCEPTED,
    "copy": FileStatus.DUPLICATE,
    "read_copy": FileStatus.DUPLICATE,
    **{s.value: s for s in FileStatus if s not in (FileStatus.ACCEPTED, FileStatus.DEFERRED)},
}


@dataclass(frozen=True)
class DeadClaims:
    """Files that a worker took and left without an outcome. `since`: when the oldest claim ran out."""

    files: int
    since: dt.datetime


@dataclass(frozen=True)
class Recount:
    """`placed`: entries that had no place in the index. `mended`: by dataset (`<domain>/<dataset>`) what the
    counters lacked. `busy`: datasets whose files changed while they were counted, each time.
    """

    placed: int
    mended: dict[str, dict[str, int]]
    busy: tuple[str, ...] = ()


class Counts(Counters):
    """Numbers of files."""

    def places(self) -> list[tuple[str, str]]:
        """Domains and datasets that have, or once had, files; contracts need not know them."""
        return [
            (domain, dataset)
            for item in self._query("pk = :p", {":p": PLACES})
            for domain, _, dataset in [item["sk"].partition("/")]
        ]

    def uncounted_places(self) -> list[str]:
        """Datasets that the counters do not know completely, `<domain>/<dataset>`: those of a ledger that is
        older than they are, until it is counted anew.
        """
        return [i["sk"] for i in self._query("pk = :p", {":p": PLACES}) if not i.get(COUNTED)]

    def counts(self, domain: str, dataset: str) -> Counter[str]:
        """Files by status; `pending` are the accepted ones that no run has brought to silver."""
        place = dataset_id(domain, dataset)
        if not self._is_counted(place):
            return self._counts_of_index(domain, dataset)
        known = self._counted([place])[place]
        claimed = FileStatus.CLAIMED.value
        found = Counter({name: n for name, n in known.items() if name != CHANGES and REASON not in name})
        found[claimed] = self._count_of_state(place, claimed)
        return +found

    def quarantine_reasons(self, domain: str, dataset: str) -> Counter[str]:
        """Files that are quarantined as a whole, by reason."""
        place = dataset_id(domain, dataset)
        if not self._is_counted(place):
            return Counter(self._values(place, "quarantined#", "reason"))
        known = self._counted([place])[place]
        return +Counter({n.removeprefix(REASON): number for n, number in known.items() if REASON in n})

    def arrivals(self, domain: str, dataset: str) -> list[str]:
        """When the files arrived that no run has read, copies included: of a hundred thousand files nothing
        else is held.
        """
        place = dataset_id(domain, dataset)
        return [t for state in (PENDING, "copy") for t in self._values(place, f"{state}#", "ingested_at")]

    def _counts_of_index(self, domain: str, dataset: str) -> Counter[str]:
        place, found = dataset_id(domain, dataset), Counter[str]()
        noted = self._get({"pk": PLACES, "sk": place}) is not None
        if not noted and not self._some_items(place, 1):
            return found
        for state, status in STATES.items():
            number = self._count_of_state(place, state)
            found[status.value] += number
            if state == PENDING:
                found[PENDING] = number
        if noted:  # with the first of its files, also one that is deferred
            waiting = Counter(self._values(deferred_id(domain), "", "dataset"))
            found[FileStatus.DEFERRED.value] = waiting[dataset]
        return +found

    def _count_of_state(self, place: str, state: str) -> int:
        return self._count("dataset_id = :d AND begins_with(#s, :p)", {":d": place, ":p": f"{state}#"})

    def dead_claims(self, domain: str, dataset: str, now: float | None = None) -> DeadClaims | None:
        """None where every claim has a living owner."""
        until = int(time.time() if now is None else now)
        bounds = {":first": "claimed#", ":last": f"claimed#{until:010d}"}
        values = {":d": dataset_id(domain, dataset), **bounds}
        condition = "dataset_id = :d AND #s BETWEEN :first AND :last"
        number = self._count(condition, values)
        oldest = next(self._query(condition, values, {"#s": "state"}, index=INDEX), None) if number else None
        if oldest is None:
            return None
        return DeadClaims(number, dt.datetime.fromtimestamp(int(oldest["claimed_until"]), dt.UTC))

    def some_files(self, domain: str, dataset: str, at_most: int) -> list[LedgerFile]:
        """Files of a dataset, whatever became of them."""
        return [file_of(item) for item in self._some_items(dataset_id(domain, dataset), at_most)]

    def recount(self) -> Recount:
        """Counts every file of the ledger and mends the counters; gives every file version its place in the
        index, of which versions of the product before 0.2 entered only some states. Reads the whole table.

        A dataset of which a file got its outcome meanwhile is counted again, three times at most: only what
        stood still is certain.
        """
        placed, mended = 0, dict[str, dict[str, int]]()
        done, busy = set[str](), list[str]()
        for _ in range(RECOUNTS):
            before = self._counted(dataset_id(*place) for place in self.places())
            found, new = self._read_all()
            placed += new
            after = self._counted(dataset_id(*place) for place in self.places())
            busy = []
            for place, counted in after.items():
                if place in done:
                    continue
                if counted[CHANGES] != before.get(place, Counter())[CHANGES]:
                    busy.append(place)
                    continue
                done.add(place)
                files = {name: number for (at, name), number in found.items() if at == place}
                if wrong := self._mend(place, counted, files):
                    mended[place] = wrong
            if not busy:
                break
        return Recount(placed, mended, tuple(busy))

    def _read_all(self) -> tuple[Tally, int]:
        """What all files count as, and how many had no place in the index."""
        found, placed = Tally(), 0
        for item in self._scan("begins_with(pk, :p) AND begins_with(sk, :v)", {":p": "file#", ":v": "v#"}):
            found.update(tally(item))
            file = file_of(item)
            place = (
                claim_state(file.file_id, int(item["claimed_until"]))
                if file.status is FileStatus.CLAIMED
                else item_of(file)
            )
            # A claim knows no dataset but its key's; a deferred file waits under a name of its own.
            at = dataset_id(file.domain, file.dataset) if file.domain else str(place["dataset_id"])
            self._note_place(at, fresh=False)
            if "state" not in item:
                placed += self._place(item, place)
        return found, placed

    def _place(self, item: dict[str, Any], place: dict[str, Any]) -> bool:
        """False where the file has changed since it was read: whoever changed it has placed it."""
        try:
            self._patiently(
                self._table.update_item,
                Key={"pk": item["pk"], "sk": item["sk"]},
                UpdateExpression="SET dataset_id = :d, #state = :state",
                ConditionExpression="#status = :read AND attribute_not_exists(#state)",
                ExpressionAttributeNames={"#state": "state", "#status": "status"},
                ExpressionAttributeValues={
                    ":d": place["dataset_id"],
                    ":state": place["state"],
                    ":read": item["status"],
                },
            )
        except self._conditional_failure:
            return False
        return True

    def _values(self, place: str, prefix: str, attribute: str) -> Iterator[str]:
        """One attribute of the items of an index partition whose state begins so."""
        names = {"#a": attribute}
        if not prefix:
            found = self._query("dataset_id = :d", {":d": place}, names, INDEX, only="#a")
        else:
            condition = "dataset_id = :d AND begins_with(#s, :p)"
            values = {":d": place, ":p": prefix}
            found = self._query(condition, values, {**names, "#s": "state"}, INDEX, only="#a")
        return (str(item.get(attribute, "")) for item in found)
