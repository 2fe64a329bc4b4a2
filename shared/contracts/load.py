"""Finds the contracts: YAML in the repository, JSON in what is packed for Lambda and Glue (no YAML parser there)."""

from __future__ import annotations

import json
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts.model import Contract
from shared.contracts.odcs import parsed

HERE = Path(__file__).parent
INDEX = "index.json"


@cache
def domains() -> tuple[str, ...]:
    """Names of the domains that have a contract, sorted."""
    packed = _resource(INDEX)
    if packed is not None:
        return tuple(json.loads(packed))
    return tuple(sorted(p.name.removesuffix(".odcs.yaml") for p in HERE.glob("*.odcs.yaml")))


@cache
def contract(domain: str) -> Contract:
    """The contract of a domain; raises ContractError when it is wrong, LookupError when there is none."""
    if domain not in domains():
        raise LookupError(f"there is no contract for {domain!r}; domains: {', '.join(domains())}")
    return parsed(_document(domain), f"{domain}.odcs.yaml")


def contracts() -> tuple[Contract, ...]:
    return tuple(contract(d) for d in domains())


@cache
def compiled() -> dict[str, bytes]:
    """File name → content of the packed form of all contracts, to be placed beside this module."""
    files = {f"{d}.odcs.json": json.dumps(_document(d), sort_keys=True).encode() for d in domains()}
    return {INDEX: json.dumps(domains()).encode(), **files}


@cache
def _document(domain: str) -> dict[str, Any]:
    packed = _resource(f"{domain}.odcs.json")
    if packed is not None:
        document: dict[str, Any] = json.loads(packed)
        return document
    import yaml  # only outside AWS: packed code carries JSON

    text = (HERE / f"{domain}.odcs.yaml").read_text("utf-8")
    try:
        return dict(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # the same in C, seven times faster
    except (yaml.YAMLError, TypeError, ValueError) as error:
        from shared.contracts.errors import ContractError

        raise ContractError(f"{domain}.odcs.yaml", "(document)", f"is not a YAML mapping: {error}") from error


def _resource(name: str) -> bytes | None:
    try:
        return pkgutil.get_data("shared.contracts", name)
    except OSError:
        return None
