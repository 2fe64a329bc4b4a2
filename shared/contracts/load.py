"""Finds the contracts: YAML in the project's domains, JSON in what is packed for Lambda and Glue (no YAML
parser there).
"""

from __future__ import annotations

import json
import pkgutil
from dataclasses import replace
from functools import cache
from typing import Any

from shared.contracts.errors import ContractError
from shared.contracts.model import Contract
from shared.contracts.odcs import parsed
from shared.contracts.problems import Examined, examined
from shared.project import domain_folder, domains_folder, shipped, shown

CONTRACT = "contract.odcs.yaml"
INDEX = "index.json"


@cache
def domains() -> tuple[str, ...]:
    """Names of the domains that have a contract, sorted."""
    packed = _resource(INDEX)
    if packed is not None:
        return tuple(json.loads(packed))
    return tuple(sorted(p.parent.name for p in domains_folder().glob(f"*/{CONTRACT}")))


@cache
def contract(domain: str) -> Contract:
    """The contract of a domain; raises ContractError when it is wrong, LookupError when there is none.

    A domain's folder is named like its domain.
    """
    if domain not in domains():
        raise LookupError(f"there is no contract for {domain!r}; domains: {', '.join(domains())}")
    found = parsed(document(domain), place(domain))
    if found.domain != domain:
        raise _misnamed(domain, found.domain)
    return found


def examined_domain(domain: str) -> Examined:
    """All that is wrong with the contract of a domain; raises ContractError when it is no YAML mapping."""
    content = document(domain)
    found, name = examined(content, place(domain)), content.get("domain")
    if name == domain or any(e.path == "domain" for e in found.errors):
        return found
    return replace(found, errors=[*found.errors, _misnamed(domain, name)])


def _misnamed(domain: str, name: Any) -> ContractError:
    return ContractError(
        place(domain), "domain", f"{name!r} stands in the folder of {domain!r}; name both alike"
    )


def contracts() -> tuple[Contract, ...]:
    return tuple(contract(d) for d in domains())


@cache
def compiled(chosen: tuple[str, ...] | None = None) -> dict[str, bytes]:
    """File name → content of the packed form of some contracts (None: all), to be placed
    beside this module.
    """
    packed = domains() if chosen is None else chosen
    files = {f"{d}.odcs.json": json.dumps(document(d), sort_keys=True).encode() for d in packed}
    return {INDEX: json.dumps(packed).encode(), **files}


@cache
def document(domain: str) -> dict[str, Any]:
    """A domain's contract as it was written; raises ContractError when it is no YAML mapping."""
    packed = _resource(f"{domain}.odcs.json")
    if packed is not None:
        document: dict[str, Any] = json.loads(packed)
        return document
    if shipped(domain):
        raise ContractError(
            place(domain), "domain", f"the product brings a domain {domain}; choose another name"
        )
    import yaml  # only outside AWS: packed code carries JSON

    try:
        text = (domain_folder(domain) / CONTRACT).read_text("utf-8")
        return dict(
            yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # nosec B506: safe, too
        )  # the same in C, seven times faster
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise ContractError(place(domain), "(document)", f"is not a YAML mapping: {error}") from error


def reread() -> None:
    """Forgets what was read: the next look at a contract is at the file as it is then."""
    for known in (domains, contract, compiled, document):
        known.cache_clear()


def place(domain: str) -> str:
    """The file of a domain's contract, as messages name it."""
    return shown(domain_folder(domain) / CONTRACT)


def _resource(name: str) -> bytes | None:
    try:
        return pkgutil.get_data("shared.contracts", name)
    except OSError:
        return None
