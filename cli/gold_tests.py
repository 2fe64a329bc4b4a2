"""Runs the tests beside gold's SQL on DuckDB."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.gold_cases import Case, cases
from cli.gold_duck import DuckError, answer
from shared.contracts import Contract
from shared.gold_statements import case_files, statement_files


@dataclass(frozen=True)
class Tested:
    """`failed`: name and difference of each. `untested`: tables with SQL and no test, as `domain.table`."""

    passed: int
    failed: list[str]
    untested: list[str]


def outcome(contracts: Sequence[Contract]) -> Tested:
    """Raises CaseError for a test that cannot be read."""
    every = [(contract, case) for contract in contracts for case in cases(contract)]
    failed = [said for contract, case in every if (said := _failure(contract, case))]
    untested = [
        f"{c.domain}.{t}"
        for c in contracts
        for t in statement_files(c.domain).keys() - case_files(c.domain).keys()
    ]
    return Tested(len(every) - len(failed), failed, sorted(untested))


def _failure(contract: Contract, case: Case) -> str | None:
    named = f"{contract.domain}.{case.table.name}: {case.name}"
    try:
        difference = case.difference(answer(contract, case))
    except DuckError as error:
        return f"{named}: {error}"
    return f"{named}\n{difference}" if difference else None
