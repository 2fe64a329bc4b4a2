"""Sample data of each domain: messy files as producers send them, and what must come of them.

A sample is a package named like its domain with `generate` (files and expected.json), `HEADLINES` (report name → SQL on gold whose
rows the expectation holds too), and how large it is unless told otherwise: `ROWS` (records of a demo, spread over days), or `SCALE` (a
factor that decides on rows and days alike).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from local.errors import LakeError


class SampleError(LakeError):
    """A size that the domain's sample does not have."""


@dataclass(frozen=True)
class Size:
    """How large a sample is to be; what is not said is the sample's own default."""

    rows: int | None = None
    days: int | None = None
    scale: float | None = None


@dataclass(frozen=True)
class Sample:
    """What a domain's sample package offers. Either `rows` or `scale` is its default size."""

    generate: Callable[..., dict[str, Any]]
    headlines: dict[str, str]
    rows: int | None = None
    scale: float | None = None

    def made(self, size: Size, seed: int, out: Path, *, progress: bool) -> dict[str, Any]:
        """Writes the sample and returns what is expected. Raises SampleError for a size of the other kind."""
        if self.scale is not None:
            if size.rows or size.days:
                raise SampleError("this domain's sample grows by --scale; it knows no --rows and no --days")
            return self.generate(size.scale or self.scale, seed, out, progress=progress)
        if size.scale:
            raise SampleError("this domain's sample grows by --rows and --days; it knows no --scale")
        return self.generate(size.rows or self.rows, size.days or DAYS, seed, out, progress=progress)


DAYS = 7


def _found() -> dict[str, Sample]:
    modules = {m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__) if m.ispkg}
    return {name: _sample(module) for name, module in sorted(modules.items())}


def _sample(module: ModuleType) -> Sample:
    return Sample(module.generate, module.HEADLINES, getattr(module, "ROWS", None), getattr(module, "SCALE", None))


SAMPLES = _found()
