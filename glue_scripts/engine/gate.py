"""The quality gate between silver and gold: a run's figures against the contract's thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.contracts import Threshold

ORDER = ("pass", "warn", "halt")


def judgement(thresholds: Iterable[Threshold], values: Mapping[str, float]) -> tuple[str, tuple[str, ...]]:
    """The worst action that a figure calls for, and a sentence for each threshold that was crossed."""
    crossed = [t for t in thresholds if values.get("total_rows", 0) >= t.minimum_rows and values.get(t.metric, 0.0) > t.maximum]
    findings = tuple(f"{t.metric} is {values[t.metric]:.4f}, above {t.maximum} ({t.action})" for t in crossed)
    return worst(t.action for t in crossed), findings


def worst(actions: Iterable[str]) -> str:
    return max(actions, key=ORDER.index, default="pass")
