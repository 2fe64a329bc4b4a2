"""How many files of a dataset are in which state: counted in the index, so that the cost of a look does not
follow what the ledger knows besides.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shared.ledger.items import claim_state, dataset_id, deferred_id, file_of, item_of
from shared.ledger.model import FileStatus, LedgerFile
from shared.ledger.table import INDEX, PLACES, LedgerTable

PENDING = "pending"
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


class Counts(LedgerTable):
    """Numbers of files."""

    def places(self) -> list[tuple[str, str]]:
        """Domains and datasets that have, or once had, files; contracts need not know them."""
        return [
            (domain, dataset)
            for item in self._query("pk = :p", {":p": PLACES})
            for domain, _, dataset in [item["sk"].partition("/")]
        ]

    def counts(self, domain: str, dataset: str) -> Counter[str]:
        """Files by status, without those that are deferred; `pending` are the accepted ones that no run has
        brought to silver.
        """
        found: Counter[str] = Counter()
        for state, status in STATES.items():
            values = {":d": dataset_id(domain, dataset), ":p": f"{state}#"}
            number = self._count("dataset_id = :d AND begins_with(#s, :p)", values)
            found[status.value] += number
            if state == PENDING:
                found[PENDING] = number
        return +found

    def deferred_counts(self, domain: str) -> Counter[str]:
        """Files that wait for the domain's bronze job, by dataset."""
        return Counter(self._values(deferred_id(domain), "", "dataset"))

    def quarantine_reasons(self, domain: str, dataset: str) -> Counter[str]:
        """Files that are quarantined as a whole, by reason."""
        return Counter(self._values(dataset_id(domain, dataset), "quarantined#", "reason"))

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
        page = self._table.query(
            IndexName=INDEX,
            KeyConditionExpression="dataset_id = :d",
            ExpressionAttributeValues={":d": dataset_id(domain, dataset)},
            Limit=at_most,
        )
        return [file_of(item) for item in page["Items"]]

    def index_again(self) -> int:
        """Gives every file version its place in the index, and returns how many had none: versions of the
        product before 0.2 entered only some states. Reads the whole table.
        """
        mended = 0
        for item in self._scan("begins_with(pk, :p) AND begins_with(sk, :v)", {":p": "file#", ":v": "v#"}):
            file = file_of(item)
            place = (
                claim_state(file.file_id, int(item["claimed_until"]))
                if file.status is FileStatus.CLAIMED
                else item_of(file)
            )
            # A claim knows no dataset but its key's; a deferred file waits under a name of its own.
            self._note_place(
                dataset_id(file.domain, file.dataset) if file.domain else str(place["dataset_id"])
            )
            if "state" not in item:
                mended += self._place(item, place)
        return mended

    def _place(self, item: dict[str, Any], place: dict[str, Any]) -> bool:
        """False where the file has changed since it was read: whoever changed it has placed it."""
        try:
            self._table.update_item(
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
