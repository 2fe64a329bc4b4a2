"""A contract with a value of a wrong kind is told so: whatever stands there, nothing is raised."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from cli.lint.contract_sql import contract_sql
from cli.lint.gates import missing_gates
from shared.contracts.load import document, domains
from shared.contracts.problems import examined, problems

WRONG: tuple[Any, ...] = ([], {}, 5, None, "x", True, {5: "x", "a": 5})


def places(part: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every way into a document."""
    children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, child in children:
        yield (*way, key)
        yield from places(child, (*way, key))


def kinds() -> dict[tuple[Any, ...], tuple[str, tuple[Any, ...]]]:
    """Domain and way of one place of each kind: those that differ only in their number in a list are looked at
    once.
    """
    first: dict[tuple[Any, ...], tuple[str, tuple[Any, ...]]] = {}
    for domain in domains():
        for way in places(document(domain)):
            holder: Any = document(domain)
            named: list[Any] = []
            for key in way:
                named.append("*" if isinstance(holder, list) else key)
                holder = holder[key]
                if isinstance(holder, dict):
                    named.append(str(holder.get("property", "")))
            first.setdefault(tuple(named), (domain, way))
    return first


def put(content: Any, way: tuple[Any, ...], value: Any) -> None:
    for key in way[:-1]:
        content = content[key]
    content[way[-1]] = value


def test_no_value_of_a_wrong_kind_raises_anything() -> None:
    raised = set[str]()
    for domain, way in kinds().values():
        content = copy.deepcopy(document(domain))
        for value in WRONG:
            put(content, way, value)
            try:
                found = examined(content, "c")
                if found.contract:
                    list(contract_sql(found.contract, found.places))
                    list(missing_gates(found.contract, found.places))
            except Exception as error:  # noqa: BLE001
                raised.add(f"{domain}: {way} = {value!r}: {type(error).__name__}: {error}")
    assert raised == set()


@pytest.mark.parametrize("wrong", [[], {}, 5])
def test_a_property_whose_name_is_no_text_is_told(wrong: Any) -> None:
    content = copy.deepcopy(document("shop"))
    content["schema"][0]["customProperties"][0]["property"] = wrong
    assert "schema[0].customProperties[0].property" in {e.path for e in problems(content, "c")}


def test_constants_that_are_no_mapping_are_told() -> None:
    content = copy.deepcopy(document("shop"))
    content["schema"][0]["customProperties"].append({"property": "constants", "value": 5})
    assert [str(e.path) for e in problems(content, "c")] == ["schema[0].customProperties.constants"]
