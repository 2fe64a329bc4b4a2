"""Nothing is computed from these tables."""

from __future__ import annotations

from glue_scripts.engine.gold import Transform

GOLD: dict[str, Transform] = {}
