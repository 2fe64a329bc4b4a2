"""How many files of a domain are in which state, as the ledger has counted them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from local.session import Session
from shared.contracts import contract
from shared.ledger.counts import DeadClaims
from shared.ledger.model import FileStatus


@dataclass(frozen=True)
class CountedFiles:
    """Of one domain. `by_dataset`: by status, and `pending` for the accepted ones that wait; `datasets`: all
    that were looked at, also those of which nothing is known.
    """

    by_dataset: Mapping[str, Counter[str]] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    dead_claims: Mapping[str, DeadClaims] = field(default_factory=dict)
    datasets: tuple[str, ...] = ()

    def total(self, status: str) -> int:
        return sum(counts[status] for counts in self.by_dataset.values())


def counted_files(session: Session, domain: str, places: Iterable[tuple[str, str]]) -> CountedFiles:
    """`places`: domains and datasets that have files. What contracts name is looked at besides, for ledgers
    of before these were kept.
    """
    ledger = session.ledger
    named = [d.name for d in contract(domain).datasets]
    datasets = sorted({*named, *(dataset for at, dataset in places if at == domain)})
    by_dataset, reasons, dead = dict[str, Counter[str]](), Counter[str](), dict[str, DeadClaims]()
    for dataset in datasets:
        counts = ledger.counts(domain, dataset)
        if not counts:
            continue
        by_dataset[dataset] = counts
        if counts[FileStatus.QUARANTINED]:
            reasons += ledger.quarantine_reasons(domain, dataset)
        if counts[FileStatus.CLAIMED] and (claims := ledger.dead_claims(domain, dataset)):
            dead[dataset] = claims
    return CountedFiles(by_dataset, reasons, dead, tuple(datasets))
