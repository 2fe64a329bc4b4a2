"""The quality gate between silver and gold: a run's metrics against the contract's thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.contracts import Threshold
from shared.metrics import LEARNT

ORDER = ("pass", "warn", "halt")


def judgement(
    thresholds: Iterable[Threshold], values: Mapping[str, float], details: Mapping[str, str] | None = None
) -> tuple[str, tuple[str, ...]]:
    """The worst action that a metric calls for, and a sentence for each threshold that was crossed, with the
    metric's detail where there is one.
    """
    found = crossed(thresholds, values)
    return worst(t.action for t in found), tuple(_sentence(t, values, details or {}) for t in found)


def crossed(thresholds: Iterable[Threshold], values: Mapping[str, float]) -> list[Threshold]:
    """The thresholds above which a metric of a run with enough rows is."""
    rows = values.get("total_rows", 0)
    return [t for t in thresholds if rows >= t.minimum_rows and values.get(t.metric, 0.0) > t.maximum]


def unusual(thresholds: Iterable[Threshold], values: Mapping[str, float]) -> int:
    """How many metrics are findings against the dataset's own history."""
    return len({t.metric for t in crossed(thresholds, values)} & LEARNT.keys())


def _sentence(threshold: Threshold, values: Mapping[str, float], details: Mapping[str, str]) -> str:
    metric, detail = threshold.metric, details.get(threshold.metric)
    sentence = f"{metric} is {values[metric]:.4f}, above {threshold.maximum} ({threshold.action})"
    return f"{sentence}: {detail}" if detail else sentence


def decision(
    gate: str, findings: Sequence[str], *, accepted: bool, closed_by: str | None
) -> tuple[str, tuple[str, ...]]:
    """What the state machine reads.

    Who accepts means all that is in silver after this run, so its own halt becomes a warning.
    """
    if accepted:
        return (
            ("warn", (*findings, "accepted: this run was started with accept_gate true"))
            if gate == "halt"
            else (gate, tuple(findings))
        )
    if closed_by is not None:
        return "halt", (
            *findings,
            f"the gate was closed by run {closed_by}; start a run with accept_gate true to open it",
        )
    return gate, tuple(findings)


def worst(actions: Iterable[str]) -> str:
    return max(actions, key=ORDER.index, default="pass")
