"""Domains that are made for a smoke: their folder has a package `smoke`.

It offers `files(token)` (by `<dataset>/<name>`: content, and the outcome it must get), `QUERIES` (name →
SQL), and `expected(files)` (name → rows as text), which is computed from the files by other means than the
product's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from local.errors import LakeError
from shared.project import domain_folder

PACKAGE = "smoke"
Received = Mapping[str, tuple[bytes, str]]
Rows = list[dict[str, str | None]]


class SmokeError(LakeError):
    """A smoke cannot be made, or stopped half way."""


@dataclass(frozen=True)
class Definition:
    """What the package of a domain offers."""

    domain: str
    files: Callable[[str], Received]
    queries: Mapping[str, str]
    expected: Callable[[Received], Mapping[str, Rows]]


def is_made_for_smoke(domain: str) -> bool:
    """Whether all data of a domain may be removed."""
    return (domain_folder(domain) / PACKAGE / "__init__.py").exists()


def definition(domains: Iterable[str]) -> Definition:
    """The one of an environment's domains that is made for it. Raises SmokeError where there is none, or
    more.
    """
    found = [domain for domain in domains if is_made_for_smoke(domain)]
    if len(found) != 1:
        raise SmokeError(
            f"the environment has {len(found)} domains that are made for a smoke, expected one",
            "./lake new smoke --smoke writes one into the project; deploy it, then ./lake smoke",
        )
    module = importlib.import_module(f"domains.{found[0]}.{PACKAGE}")
    files = cast(Callable[[str], Received], module.files)
    expected = cast(Callable[[Received], Mapping[str, Rows]], module.expected)
    return Definition(found[0], files, module.QUERIES, expected)
