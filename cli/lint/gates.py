"""Promises that a contract could make and does not: proposed, never demanded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.contracts import Contract, ContractError, Table
from shared.contracts.check import Place
from shared.contracts.people import unnamed_children
from shared.metrics import ORPHAN_RATE, ORPHAN_ROWS, orphan_rate

RATE = "quarantine_rate"
ENTRY = (
    "{{type: custom, engine: lakehouse, severity: {severity}, implementation: {{metric: {metric}, maximum:"
    " {maximum}}}}}"
)


def nameless_rows(contract: Contract, places: Mapping[str, Place]) -> Iterator[ContractError]:
    """Tables with rows of people's files that do not say whose they are: nobody can be erased."""
    for table in dict.fromkeys(contract.dataset(name).target.name for name in unnamed_children(contract)):
        yield (
            places[table]
            .node.child("properties")
            .error(
                "its rows come out of files of people and do not say whose they are, so `./lake forget`"
                " refuses: a column with the path of the person above the list, such as ^.user_id, and"
                " `identifies: person`"
            )
        )


def missing_gates(contract: Contract, places: Mapping[str, Place]) -> Iterator[ContractError]:
    """A loaded table that nothing would stop, and keys that nothing holds against what they refer to."""
    loaded = {d.target.name for d in contract.datasets}
    for table in contract.tables:
        node = places[table.name].node
        gated = {t.metric for t in table.gate}
        if table.name in loaded and table.zone == "silver":
            if RATE not in gated and places[table.name].inherits is not False:
                yield node.error(
                    "nothing stops a run in which every row is quarantined; to the document's quality, or"
                    f" this table's: {ENTRY.format(severity='error', metric=RATE, maximum=0.5)}"
                )
            if table.references and not gated & {ORPHAN_RATE, *_of_keys(table)}:
                yield node.error(
                    "nothing bounds how many rows refer to nothing; to its quality:"
                    f" {ENTRY.format(severity='warning', metric=ORPHAN_RATE, maximum=0.05)}"
                )
        elif table.zone == "gold" and table.references and ORPHAN_ROWS not in gated:
            yield node.error(
                "its rows may refer to rows that are not there; to its quality:"
                f" {ENTRY.format(severity='error', metric=ORPHAN_ROWS, maximum=0)}"
            )


def _of_keys(table: Table) -> set[str]:
    return {orphan_rate(r.name) for r in table.references}
