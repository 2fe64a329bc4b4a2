"""A lint for our state machines: what the validators of AWS and the emulation let pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

JSONPATH_FIELDS = {
    "InputPath",
    "OutputPath",
    "Parameters",
    "ResultPath",
    "ResultSelector",
    "Variable",
    "SecondsPath",
    "TimestampPath",
}
_EXPRESSION = re.compile(r"^\{%(.*)%\}$", re.S)
_VARIABLE = re.compile(r"\$([A-Za-z_]\w*)(?!\w*\s*\()")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")

Definition = Mapping[str, Any]


def texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Mapping():
            for inner in value.values():
                yield from texts(inner)
        case list():
            for inner in value:
                yield from texts(inner)


def used(value: Any) -> set[str]:
    """Variables in the expressions of a value; `$states` and functions are not variables."""
    expressions = (_QUOTED.sub("''", m[1]) for t in texts(value) if (m := _EXPRESSION.match(t)))
    return {name for e in expressions for name in _VARIABLE.findall(e)} - {"states"}


def edges(state: Definition) -> Iterator[tuple[str, set[str]]]:
    """Where a state can lead, and the variables that are assigned on that way."""
    own = set(state.get("Assign", {}))
    if "Next" in state:
        yield state["Next"], own
    if "Default" in state:
        yield state["Default"], own
    for choice in state.get("Choices", ()):
        yield choice["Next"], set(choice.get("Assign", {}))
    for catch in state.get("Catch", ()):
        yield catch["Next"], set(catch.get("Assign", {}))


def assigned_before(definition: Definition) -> dict[str, set[str]]:
    """For every reachable state, the variables that are assigned whatever way led to it."""
    known: dict[str, set[str]] = {definition["StartAt"]: set()}
    waiting = [definition["StartAt"]]
    while waiting:
        name = waiting.pop()
        for target, assigned in edges(definition["States"][name]):
            arriving = known[name] | assigned
            merged = arriving if target not in known else known[target] & arriving
            if known.get(target) != merged:
                known[target] = merged
                waiting.append(target)
    return known


def faults(definition: Definition) -> list[str]:
    """Everything that is wrong, one line each."""
    states, found = definition["States"], []
    targets = {t for s in states.values() for t, _ in edges(s)} | {definition["StartAt"]}
    found += [f"{t} is not a state" for t in targets - set(states)]
    if found:
        return found
    known = assigned_before(definition)
    found += [f"{name} is never reached" for name in states if name not in known]
    for name, before in known.items():
        found += [
            f"{name} uses ${v}, which is not assigned on every way to it"
            for v in sorted(used(states[name]) - before)
        ]
        found += _mixed(name, states[name])
        found += _jsonpath(name, states[name])
        found += _unredrivable(name, states[name])
    return found


def _mixed(name: str, state: Definition) -> Iterator[str]:
    """All of an Assign is evaluated with the values from before it; the emulation goes line by line."""
    for variable, value in state.get("Assign", {}).items():
        for other in used(value) & set(state["Assign"]) - {variable}:
            yield f"{name} assigns ${variable} from ${other}, which it assigns too"


def _jsonpath(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in JSONPATH_FIELDS or key.endswith(".$"):
                yield f"{name} has {key}, which is JSONPath"
            yield from _jsonpath(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _jsonpath(name, inner)


def _unredrivable(name: str, state: Definition) -> Iterator[str]:
    """A job that is caught ends in a Fail state, and a redrive would run that again instead of the job."""
    if ".sync" in state.get("Resource", "") and "Catch" in state:
        yield f"{name} catches a job's failure"
    for handler in (*state.get("Retry", ()), *state.get("Catch", ())):
        if {"States.ALL", "States.TaskFailed"} & set(handler["ErrorEquals"]):
            yield f"{name} handles {', '.join(handler['ErrorEquals'])}: name the errors"
