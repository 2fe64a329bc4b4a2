"""Files of a dataset as people look for them: the newest first, as far as somebody reads on."""

from __future__ import annotations

from collections.abc import Iterator

from shared.ledger.items import dataset_id, deferred_id, file_of
from shared.ledger.model import FileStatus, LedgerFile
from shared.ledger.table import INDEX, LedgerTable

PAGE = 100  # files a request


class Listing(LedgerTable):
    """Files in the order of the index."""

    def newest_first(self, domain: str, dataset: str, state: str) -> Iterator[LedgerFile]:
        """Files in a state of the index (`STATES` of counts.py) or deferred; those that came last first, of
        claims those that expire last. A hundred are read at a time, when they are wanted.
        """
        if state == FileStatus.DEFERRED:
            waiting = self._backwards("dataset_id = :d", {":d": deferred_id(domain)})
            yield from (file for file in waiting if file.dataset == dataset)
            return
        values = {":d": dataset_id(domain, dataset), ":p": f"{state}#"}
        yield from self._backwards("dataset_id = :d AND begins_with(#s, :p)", values)

    def _backwards(self, condition: str, values: dict[str, str]) -> Iterator[LedgerFile]:
        arguments = {
            "IndexName": INDEX,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ScanIndexForward": False,
            "Limit": PAGE,
        }
        if "#s" in condition:
            arguments["ExpressionAttributeNames"] = {"#s": "state"}
        for page in self._pages(self._table.query, arguments):
            yield from map(file_of, page["Items"])
