"""Data contracts (ODCS v3.1): the one description of every table, from which the rest is derived."""

from shared.contracts.errors import ContractError, EvolutionError
from shared.contracts.load import compiled, contract, contracts, domains
from shared.contracts.model import (
    Column,
    Contract,
    Dataset,
    Dependency,
    Operation,
    Reference,
    RejectRule,
    Table,
    Threshold,
    folded,
)

__all__ = [
    "Column",
    "Contract",
    "ContractError",
    "Dataset",
    "Dependency",
    "EvolutionError",
    "Operation",
    "Reference",
    "RejectRule",
    "Table",
    "Threshold",
    "compiled",
    "contract",
    "contracts",
    "domains",
    "folded",
]
