"""People leave a domain: its files first, then a full refresh makes every table from these, then what S3 and
the tables remember goes; and a search of all bytes says whether anything is left.

The same command again, after a crash anywhere, does what is left to do.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyiceberg.catalog import Catalog

from cli.erasure import receipt as receipts
from cli.erasure.files import Holder
from cli.erasure.finding import Finding
from cli.erasure.lock import DomainLock
from cli.erasure.objects import ErasureError, delete
from cli.erasure.receipt import Receipt
from cli.erasure.rewriting import carry_out, unfaithful
from cli.erasure.search import Place
from cli.erasure.stores import Stores
from cli.erasure.tables import forget_history, own_tables, unused
from cli.erasure.warehouse import Unasked, Warehouse
from shared.names import RESULTS, WAREHOUSE

Run = Callable[[dict[str, Any]], str]  # carries a run of the domain out, and gives its id; raises LakeError


@dataclass(frozen=True)
class Erasure:
    """`run`: how the domain's pipeline is run; `marks`: the tombstones of those who are sought, and
    `key` the mark of the key they were made with; `alive`: whether a run goes on; `warehouse`: None where the
    environment has none.
    """

    holder: Holder
    catalog: Catalog
    marks: frozenset[tuple[str, str]]
    key: str
    run: Run
    alive: Callable[[str], bool] = lambda _: True
    report: Callable[[str], None] = lambda _: None
    warehouse: Warehouse | Unasked | None = None

    @property
    def stores(self) -> Stores:
        return Stores(self.holder, self.warehouse)

    def plan(self) -> tuple[list[Finding], list[Place], tuple[str, ...]]:
        """What is found: files with records that are theirs, every place where a value stands, and for whom
        or where was not searched. Nothing is changed.
        """
        found, searched = self._found(), self.stores.searched()
        return found, [p for p in searched if not p.unopened], self._unsearched(searched)

    def carry_out(self, *, whole: bool) -> Receipt:
        """Erases them. `whole`: files of which no single records can be taken are deleted as a whole.

        Raises ErasureError before any change for such a file where `whole` does not say so, while the gate is
        closed, and while the domain is somebody else's.
        """
        began = f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        domain, ledger = self.holder.contract.domain, self.holder.ledger
        lock = DomainLock(ledger, domain, began, self.alive)
        self._check_gate()
        with lock.held():
            found = self._found(lock)
            _check_whole(found, whole=whole)
            broken_off = bool(self._broken_off())
            # First of all: whatever comes from now on, silver leaves them out
            ledger.remember_erased(domain, self.marks, _now(), self.key)
            ledger.record_erasure(domain, began, self._facts)
            for finding in carry_out(self.holder, found):
                lock.prolong()
                self.report(f"{finding.fate}: {finding.version}")
        run_id = self._computed_anew(found, broken_off=broken_off)
        with lock.held(wait=True):
            made = self._receipt(lock, began, found, run_id, *self._without_past(lock))
            self._store(made)
        return made

    def _check_gate(self) -> None:
        domain = self.holder.contract.domain
        if closed := self.holder.ledger.halted_by(domain):
            raise ErasureError(
                f"run {closed} closed the quality gate of {domain}, and gold would keep them. Nothing was"
                " changed",
                f"accept it first: ./lake run {domain} --accept-gate",
            )

    def _found(self, lock: DomainLock | None = None) -> list[Finding]:
        found, known = [], self.holder.known()
        for finding in self.holder.examined():
            if lock is not None:
                lock.prolong()
            if finding is not None:
                why = unfaithful(self.holder, finding, known)
                found.append(replace(finding, fate="whole", why=why) if why else finding)
        if waiting := sum(f.fate == "waiting" for f in found):
            self.report(f"{waiting} files that hold them wait for ingestion, and are left for --again")
        return found

    def _computed_anew(self, found: Sequence[Finding], *, broken_off: bool) -> str | None:
        """Where files changed, or anything is left of them in tables, these are made from the files again;
        also where an erasure broke off, whose files no longer say whom tables may have: by a surrogate key
        alone, which no search finds.
        """
        if not found and not broken_off and not self.stores.places("silver", "gold", "quarantine", WAREHOUSE):
            return None
        run_id = self.run({"full_refresh": True})
        self.run({"maintenance": True})  # folds deletes into files, and manifests together
        return run_id

    def _without_past(self, lock: DomainLock) -> tuple[int, int, int]:
        """Snapshots, versions of files and answers that were removed."""
        h = self.holder
        snapshots = removed = 0
        for table in own_tables(self.catalog, h.names, h.contract):
            lock.prolong()
            snapshots += forget_history(table)
            for some in unused(h.s3, table.refresh()):
                lock.prolong()  # were it lost, a run might have written some of these
                removed += delete(h.s3, some)
        # A number in an answer may be anything, of anybody's domain
        others = h.sought.beyond_numbers
        answers = [p.version for p in self.stores.locked(lock).places(RESULTS, sought=others) if p.version]
        return snapshots, removed, delete(h.s3, answers)

    def _receipt(
        self,
        lock: DomainLock,
        began: str,
        found: list[Finding],
        run_id: str | None,
        snapshots: int,
        removed: int,
        answers: int,
    ) -> Receipt:
        stores = self.stores.locked(lock)
        searched = stores.searched()
        left = stores.left(searched)
        return Receipt(
            began,
            self.holder.contract.domain,
            tuple(sorted({name for name, _ in self.marks})),
            len(self.marks),
            tuple(sorted(mark for _, mark in self.marks)),
            receipts.by_fate(found),
            receipts.records_by_store(found),
            receipts.details(found, self.holder.sought),
            run_id,
            snapshots,
            removed,
            answers,
            left=receipts.by_store(left),
            warehouse=receipts.of_warehouse(searched, self.holder.sought, there=self.warehouse is not None),
            unsearched=self._unsearched(searched),
            not_reached=receipts.not_reached(self.holder.contract),
            places=tuple(receipts.without_value(p.where, self.holder.sought) for p in left),
            ended=_now(),
        )

    def _unsearched(self, searched: Sequence[Place]) -> tuple[str, ...]:
        """For whom, or where, the search was none."""
        sought, found = self.holder.sought, []
        if unknown := len(sought.unknown):
            warehouse = ", the warehouse" if self.warehouse else ""
            found.append(
                f"{unknown} of {len(self.marks)} people are known by hashes only: records that cannot be"
                f" read, files in quarantine{warehouse}, texts and names were not searched for them; give"
                " their keys"
            )
        others = sum(not self._covers(e) for e in self._broken_off())
        if others and self._facts["again"]:
            found.append(f"{others} erasures of other keys broke off: give each the same keys again")
        shut = [p for p in searched if p.unopened]
        return (*found, *(f"{receipts.without_value(p.where, sought)}: {p.unopened}" for p in shut))

    def _store(self, made: Receipt) -> None:
        h = self.holder
        body = json.dumps(made.document(), indent=2).encode()
        h.s3.put_object(
            Bucket=h.names.bucket("metrics"), Key=made.key, Body=body, ContentType="application/json"
        )
        ended = {"ended": made.ended, "proven": made.proven, "receipt": made.key}
        for other in self._broken_off():
            # Also those that broke off, and of whose people this one was
            if self._covers(other):
                facts = {n: v for n, v in other.items() if n != "id"}
                h.ledger.record_erasure(h.contract.domain, other["id"], {**facts, **ended})

    def _broken_off(self) -> list[dict[str, Any]]:
        """Erasures of the domain that have not ended."""
        found = self.holder.ledger.erasures(self.holder.contract.domain)
        return [e for e in found if "ended" not in e]

    def _covers(self, other: Mapping[str, Any]) -> bool:
        """Whether this one did what another has to. One that has no values did not search for these."""
        if self._facts["again"] and not other.get("again"):
            return False
        everybody = self.marks >= self.holder.ledger.erased(self.holder.contract.domain)
        return everybody or other["marks"] == self._facts["marks"]

    @property
    def _facts(self) -> dict[str, Any]:
        """Of whom an erasure is, so that it is known again; `again`: by their hashes."""
        marks = "\n".join(sorted(f"{name}#{mark}" for name, mark in self.marks))
        again = bool(self.holder.sought.marks)
        digest = hashlib.sha256(marks.encode()).hexdigest()
        return {"people": len(self.marks), "marks": digest, "again": again}


def _check_whole(found: Sequence[Finding], *, whole: bool) -> None:
    if (kept := [f for f in found if f.fate == "whole"]) and not whole:
        stores = ", ".join(f"{n} in {zone}" for zone, n in Counter(f.zone for f in kept).items())
        raise ErasureError(
            f"of {len(kept)} files ({stores}) no single records can be taken: {kept[0].version}"
            f" ({kept[0].why}). Nothing was changed",
            "--plan lists them; --whole-files deletes each of them as a whole: of one in bronze or archive"
            " the others' records go, too",
        )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
