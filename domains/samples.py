"""Sample data of each domain: messy files as producers send them, and what must come of them.

A sample is the package `domains/<name>/sample` with `generate` (files and expected.json), `HEADLINES` (report
name → SQL on gold whose rows the expectation holds too), and how large it is unless told otherwise: `ROWS`
(records of a demo, spread over days), or `SCALE` (a factor that decides on rows and days alike).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.errors import LakeError
from shared.contracts import domains
from shared.project import domain_folder


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

    def write(self, size: Size, seed: int, out: Path, *, progress: bool) -> dict[str, Any]:
        """Writes the sample and returns what is expected. Raises SampleError for a size of the other kind."""
        if self.scale is not None:
            if size.rows or size.days:
                raise SampleError(
                    "this domain's sample grows by --scale; it knows no --rows and no --days",
                    "give --scale instead",
                )
            return self.generate(size.scale or self.scale, seed, out, progress=progress)
        if size.scale:
            raise SampleError(
                "this domain's sample grows by --rows and --days; it knows no --scale",
                "give --rows and --days instead",
            )
        return self.generate(size.rows or self.rows, size.days or DAYS, seed, out, progress=progress)


DAYS = 7


def sampled_domains() -> tuple[str, ...]:
    """The domains of the project that bring a sample, sorted."""
    return tuple(d for d in domains() if (domain_folder(d) / "sample" / "__init__.py").exists())


def sample_of(domain: str) -> Sample:
    """The sample of a domain. Raises SampleError where it has none, or none that can be used."""
    if domain not in sampled_domains():
        raise SampleError(
            f"the domain {domain!r} brings no sample; those that do:"
            f" {', '.join(sampled_domains()) or 'none'}",
            "name one of these; ./lake drop brings files of your own",
        )
    try:
        module = importlib.import_module(f"domains.{domain}.sample")
    except (ImportError, SyntaxError) as error:
        raise SampleError(
            f"domains/{domain}/sample cannot be imported: {error}",
            "mend it, then give the same command again",
        ) from error
    if missing := [name for name in ("generate", "HEADLINES") if not hasattr(module, name)]:
        raise SampleError(
            f"domains/{domain}/sample lacks {', '.join(missing)}", "domains/samples.py says what they are"
        )
    return Sample(
        module.generate, module.HEADLINES, getattr(module, "ROWS", None), getattr(module, "SCALE", None)
    )
