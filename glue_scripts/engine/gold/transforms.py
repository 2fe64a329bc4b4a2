"""Finds a domain's transforms: the rules of its computed tables."""

from __future__ import annotations

import importlib

from glue_scripts.engine.gold.lake import Transform


def transforms_of(domain: str, zone: str = "GOLD") -> dict[str, Transform]:
    """`GOLD` or `SILVER` of domains/<domain>/transforms.py: table name → rule.

    Raises ModuleNotFoundError or AttributeError where the domain has none.
    """
    transforms: dict[str, Transform] = getattr(importlib.import_module(f"domains.{domain}.transforms"), zone)
    return transforms
