"""What the ledger forgets: all of a domain whose data is removed as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.ledger.counters import SHARDS, counter_key
from shared.ledger.items import content_key, deferred_id
from shared.ledger.table import INDEX, PLACES, LedgerTable


class Forgetting(LedgerTable):
    """A domain without its history, and who may take that."""

    def forget_domain(self, domain: str) -> None:
        """Removes what is known of a domain's files and runs, for one whose objects and tables are gone: its
        files would be read in vain. Nothing may be ingested meanwhile.

        Its lock stays, which a run may own, and its places: workers remember which they have noted.
        """
        prefix = f"{domain}/"
        places = [
            i["sk"] for i in self._query("pk = :p AND begins_with(sk, :d)", {":p": PLACES, ":d": prefix})
        ]
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for key in self._keys(domain, places):
                batch.delete_item(Key=key)

    def lease(self, domain: str, owner: str, now: int, until: int, *, anyway: bool = False) -> bool:
        """Whether nobody else may remove the domain's data for so long (seconds since 1970)."""
        item = {"pk": f"lease#{domain}", "sk": "lease", "owner": owner, "until": until, "expires_at": until}
        free = "attribute_not_exists(pk) OR #u < :now"
        later = until if anyway else now
        return self._put(item, free, {":now": later}, {"#u": "until"})

    def end_lease(self, domain: str, owner: str) -> None:
        """Gives it back, unless somebody else has it by now."""
        held = self._get({"pk": f"lease#{domain}", "sk": "lease"})
        if held and held["owner"] == owner:
            self._patiently(self._table.delete_item, Key={"pk": held["pk"], "sk": held["sk"]})

    def _keys(self, domain: str, places: list[str]) -> Iterator[dict[str, str]]:
        for listed in (*places, deferred_id(domain)):
            for file in list(self._query("dataset_id = :d", {":d": listed}, index=INDEX)):
                yield from self._keys_of(file["pk"])
                if "sha256" in file:
                    yield from self._keys_of(content_key(domain, file["dataset"], file["sha256"]))
        for place in places:
            yield from (counter_key(place, shard) for shard in range(SHARDS))
            for kind in ("attempt", "days"):
                yield from self._keys_of(f"{kind}#{place}")
        for kind in ("run", "gate", "load", "observed"):
            yield from self._keys_of(f"{kind}#{domain}")

    def _keys_of(self, partition: str) -> list[dict[str, Any]]:
        return [{"pk": i["pk"], "sk": i["sk"]} for i in self._query("pk = :p", {":p": partition})]
