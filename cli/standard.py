"""Contracts against the schema of the Open Data Contract Standard, which the product carries with it."""

from __future__ import annotations

import json
import re
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft201909Validator, ValidationError

from shared.contracts import ContractError

SCHEMA = Path(__file__).parent / "odcs-3.1.0.schema.json"  # where it is from: the .txt beside it


UNKNOWN = ("additionalProperties", "unevaluatedProperties")


def violations(document: Mapping[str, Any], file: str) -> list[ContractError]:
    """All that the standard does not allow in a document, in its order."""
    errors = sorted(_validator().iter_errors(document), key=lambda e: [str(p) for p in e.absolute_path])
    broken = {tuple(e.absolute_path) for e in errors if e.validator not in UNKNOWN}
    refusals: dict[tuple[str, str], None] = {}
    for error in errors:
        beside = tuple(error.absolute_path) in broken
        if reason := _unknown(error, beside) if error.validator in UNKNOWN else _reason(error):
            refusals[_path(error.absolute_path), reason] = None
    return [ContractError(file, path or "(document)", reason) for path, reason in refusals]


@cache
def _validator() -> Draft201909Validator:
    return Draft201909Validator(json.loads(SCHEMA.read_text("utf-8")))


def _path(parts: Iterable[str | int]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in parts).lstrip(".")


def _reason(error: ValidationError) -> str:
    """What the standard expected, and what was found."""
    found = reprlib.repr(error.instance)  # of a whole table no more than its beginning
    match error.validator:
        case "required":
            return f"missing {', '.join(sorted(_missing(error)))}"
        case "type":
            return f"expected {error.validator_value}, found {found}"
        case "enum":
            return f"expected one of {', '.join(map(str, error.validator_value))}; found {found}"
        case "oneOf" | "anyOf" if error.context and all(c.validator == "required" for c in error.context):
            return f"missing one of {', '.join(n for c in error.context for n in sorted(_missing(c)))}"
    return str(error.message)


def _unknown(error: ValidationError, beside: bool) -> str:
    """Keys that have no meaning where they stand; none is a text of nothing.

    `beside` another error of the same place, the validator takes every key of a part that failed for unknown;
    then only those count that the standard has nowhere.
    """
    names = re.findall(r"'([^']*)'", error.message)
    wrong = [repr(n) for n in names if not beside or n not in _words()]
    return f"the standard does not know {', '.join(wrong)} here" if wrong else ""


@cache
def _words() -> frozenset[str]:
    """Every key that the standard has anywhere."""

    def keys(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from part["properties"] if isinstance(part.get("properties"), dict) else ()
        for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from keys(each)

    return frozenset(keys(_validator().schema))


def _missing(error: ValidationError) -> set[str]:
    return set(error.validator_value) - set(error.instance)
