"""All findings of one domain: the standard, the contract, its SQL, its transforms and its reports."""

from __future__ import annotations

from typing import Any

from cli import standard
from cli.lint.contract_sql import contract_sql
from cli.lint.finding import Finding
from cli.lint.gates import missing_gates, nameless_rows
from cli.lint.gold_sql import gold_sql_findings
from cli.lint.places import Places
from cli.lint.reports import report_findings
from cli.lint.totals import narrow_totals
from cli.lint.transforms import transform_findings
from shared.contracts import ContractError
from shared.contracts.load import CONTRACT, document, examined_domain, place
from shared.contracts.problems import Examined
from shared.contracts.questions import open_questions
from shared.project import domain_folder


def contract_findings(domain: str) -> list[Finding]:
    """What is wrong with a domain's contract by itself. Raises ContractError when it is no YAML mapping."""
    return _of_contract(_places(domain, document(domain)), examined_domain(domain))


def findings(domain: str) -> list[Finding]:
    """What is wrong with a domain's files, hints last; nothing is run and nothing asked of a network.

    Where the contract says nothing that can be read, its transforms and reports are not looked at.
    """
    try:
        content = document(domain)
    except ContractError as unreadable:
        return [Finding(place(domain), 0, domain, unreadable.reason)]
    places = _places(domain, content)
    hints: list[Finding] = []
    examined = examined_domain(domain)
    undecided = [
        Finding(q.file, q.line, domain, f"not decided yet: {q.text}") for q in open_questions(domain)
    ]
    found = [*_of_contract(places, examined), *undecided]
    if contract := examined.contract:
        found += map(places.finding, contract_sql(contract, examined.places))
        found += transform_findings(contract)
        of_statements = list(gold_sql_findings(contract, examined.places))
        found += (f for f in of_statements if not f.hint)
        found += map(places.finding, narrow_totals(contract, examined.places))
        found += report_findings(contract)
        hints = [f for f in of_statements if f.hint]
        hints += (places.finding(e, hint=True) for e in missing_gates(contract, examined.places))
        hints += (places.finding(e, hint=True) for e in nameless_rows(contract, examined.places))
    every = sorted(dict.fromkeys(found)) + hints
    return sorted(every, key=lambda finding: finding.hint)


def _places(domain: str, content: dict[str, Any]) -> Places:
    text = (domain_folder(domain) / CONTRACT).read_text("utf-8")
    return Places.of(domain, place(domain), text, content)


def _of_contract(places: Places, examined: Examined) -> list[Finding]:
    of_standard = standard.violations(places.document, places.file)
    known = {error.path for error in of_standard}
    every = [*of_standard, *(e for e in examined.errors if e.path not in known)]
    return sorted(dict.fromkeys(map(places.finding, every)))
