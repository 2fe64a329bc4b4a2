"""Which dataset of a contract files belong to, and which of its columns theirs are."""

from __future__ import annotations

from cli.infer.draft import DraftColumn, DraftDataset
from shared.contracts import Contract, Dataset, folded

KNOWN = 0.5  # of the files' columns that a dataset must have, where the name of the files does not tell


def matching(draft: DraftDataset, contract: Contract, *, named: bool) -> Dataset | None:
    """The dataset that files belong to: by their name, else, unless people `named` it, by most of their
    columns.
    """
    own = [d for d in contract.datasets if d.name == draft.name]
    if own:
        return own[0]
    if named:
        return None
    ranked = sorted(contract.datasets, key=lambda d: (-_known(draft, d), d.name))
    best = ranked[0]
    return best if _known(draft, best) >= KNOWN * len(draft.columns) else None


def _known(draft: DraftDataset, dataset: Dataset) -> int:
    return sum(name_in(c, dataset) is not None for c in draft.columns)


def name_in(column: DraftColumn, dataset: Dataset) -> str | None:
    """The contract's name of a column; None for one that it does not know."""
    paths = {str(c.path): c.name for c in dataset.target.columns if c.path}
    if column.path:
        return paths.get(column.path) or dataset.aliases.get(folded(column.path))
    spellings = (column.steps[-1], *column.aliases)
    known = next((dataset.aliases[folded(s)] for s in spellings if folded(s) in dataset.aliases), None)
    computed = {*dataset.constants, *(c.name for c in dataset.target.columns if c.from_key)}
    return known or paths.get(column.steps[-1]) or (column.name if column.name in computed else None)
