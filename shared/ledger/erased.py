"""The ledger of erased people: who must not come back, as keyed hashes, and which files were rewritten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.ledger.model import FileId
from shared.ledger.table import LedgerTable


class ErasedPeople(LedgerTable):
    """Tombstones of people, and the erasures of a domain."""

    def remember_erased(self, domain: str, marks: Iterable[tuple[str, str]], at: str, key: str) -> None:
        """Tombstones: under which name each was known, and the keyed hash of the value. `at`: ISO 8601;
        `key`: the mark of the hashes' key.
        """
        with self._table.batch_writer(overwrite_by_pkeys=["pk", "sk"]) as batch:
            for name, mark in marks:
                batch.put_item(Item={"pk": f"erased#{domain}", "sk": f"{name}#{mark}", "at": at, "key": key})

    def erased(self, domain: str) -> frozenset[tuple[str, str]]:
        """Names and hashes of the people who must not come back to a domain."""
        items = self._query("pk = :p", {":p": f"erased#{domain}"})
        return frozenset((name, mark) for i in items for name, _, mark in [i["sk"].partition("#")])

    def erased_keys(self, domain: str) -> frozenset[str]:
        """The marks of the keys with which a domain's tombstones were made: one, unless the key changed."""
        items = self._query("pk = :p", {":p": f"erased#{domain}"})
        return frozenset(str(i["key"]) for i in items if i.get("key"))

    def note_rewritten(self, bucket: str, key: str, sha256: str) -> None:
        """Before a raw object gets a content that lacks people's records: its event brings no new file."""
        item = {"pk": f"file#{bucket}/{key}", "sk": f"rewritten#{sha256}"}
        self._patiently(self._table.put_item, Item=item)

    def is_rewritten(self, file: FileId, sha256: str | None) -> bool:
        """Whether an object has the content that an erasure gave it."""
        return self._get({"pk": f"file#{file.bucket}/{file.key}", "sk": f"rewritten#{sha256}"}) is not None

    def texts(self, domain: str) -> Iterator[tuple[str, str]]:
        """All that the ledger says of a domain, an item at a time, its key first, and what of it are names;
        reads the whole table.
        """
        for item in self._scan("contains(pk, :d)", {":d": domain}):
            yield f"{item['pk']} {item['sk']} {item}", " ".join(_names(item))

    def record_erasure(self, domain: str, erasure_id: str, facts: Mapping[str, Any]) -> None:
        """What is known of an erasure: when it began, and how it ended, in which case it has `ended`."""
        key = {"pk": f"erasure#{domain}", "sk": erasure_id}
        self._patiently(self._table.put_item, Item={**key, "facts": json.dumps(facts)})

    def erasures(self, domain: str) -> list[dict[str, Any]]:
        """All of a domain, oldest first."""
        items = self._query("pk = :p", {":p": f"erasure#{domain}"})
        return [{"id": i["sk"], **json.loads(i["facts"])} for i in items]


def _names(item: Mapping[str, Any]) -> list[str]:
    """Texts of an item, without the numbers that the ledger itself put there."""
    texts = {n: v for n, v in item.items() if isinstance(v, str) and not v.startswith(("{", "["))}
    texts.pop("sequencer", None)
    if texts["pk"].startswith("counter#"):
        texts["pk"] = texts["pk"].rpartition("#")[0]  # what follows is a shard
    return [*texts.values()]
