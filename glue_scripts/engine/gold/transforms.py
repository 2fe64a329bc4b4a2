"""Finds a domain's transforms: the rules of its computed tables."""

from __future__ import annotations

import importlib

from glue_scripts.engine.gold.lake import Transform
from glue_scripts.engine.gold.sql_file import sql_transforms
from glue_scripts.packages import PackageError


def transforms_of(domain: str, zone: str = "GOLD") -> dict[str, Transform]:
    """Table name → rule: `GOLD` or `SILVER` of domains/<domain>/transforms.py, and for gold the statements of
    domains/<domain>/gold.

    Raises ModuleNotFoundError or AttributeError where the domain has none of them, LookupError where a table
    has two rules, and PackageError where the domain's code imports what Python does not have.
    """
    statements = sql_transforms(domain) if zone == "GOLD" else {}
    functions = _functions(domain, zone, optional=bool(statements))
    if both := sorted(statements.keys() & functions.keys()):
        raise LookupError(
            f"two rules for {', '.join(both)}: gold/<table>.sql, and a function that {zone} of"
            f" domains/{domain}/transforms.py names. Delete one of them."
        )
    return {**functions, **statements}


def _functions(domain: str, zone: str, *, optional: bool) -> dict[str, Transform]:
    """`optional`: no file, or nothing in it for the zone, is no error."""
    name = f"domains.{domain}.transforms"
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if optional and error.name == name:
            return {}
        if (error.name or "domains").partition(".")[0] == "domains":
            raise
        raise PackageError(
            f"the code of domain {domain} imports {error.name}, and Python has no such module. Nothing was"
            f" read or written. Glue brings few packages (stacks/glue-6.0.txt): name the one of {error.name}"
            f" in domains/{domain}/requirements.txt, run `./lake lock` and deploy."
        ) from error
    found: dict[str, Transform] = getattr(module, zone, {}) if optional else getattr(module, zone)
    return found
