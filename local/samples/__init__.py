"""Sample data of each domain: messy files as producers send them, and what must come of them.

A sample is a package named like its domain with `generate` (files and expected.json), `ROWS` (how many records a demo has unless
told otherwise) and `HEADLINES` (report name → SQL on gold whose rows the expectation holds too).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    """What a domain's sample package offers."""

    generate: Callable[..., dict[str, Any]]
    rows: int
    headlines: dict[str, str]


def _found() -> dict[str, Sample]:
    modules = {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if m.ispkg}
    return {name: Sample(m.generate, m.ROWS, m.HEADLINES) for name, m in sorted(modules.items())}


SAMPLES = _found()
