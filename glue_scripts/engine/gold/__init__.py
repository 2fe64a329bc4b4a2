"""Gold: what a domain's transforms are given, and how their tables follow silver."""

from glue_scripts.engine.gold.lake import Lake, Transform

__all__ = ["Lake", "Transform"]
