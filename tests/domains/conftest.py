"""Tests of the shipped domains, each in the folder of its domain; those of a domain that is gone are left
out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.project import domain_folder
from stacks.config import environments, settings
from tests.stack.conftest import Assembly, read
from tests.support.gate import Gated, gated
from tests.support.spark import emulation, rig, spark

__all__ = ["emulation", "rig", "spark"]

HERE = Path(__file__).parent
collect_ignore = [p.name for p in HERE.iterdir() if p.is_dir() and not domain_folder(p.name).exists()]


@dataclass(frozen=True)
class Product:
    """All environments of the project, synthesized through the gate: those that are protected apart, for they have more rules."""

    passed: tuple[Gated, ...]

    @property
    def assembly(self) -> Assembly:
        parts = [read(p.folder, p.envs) for p in self.passed]
        stacks = {place: template for part in parts for place, template in part.stacks.items()}
        return Assembly(self.passed[0].folder, stacks, {})


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Product:
    by_protection: dict[bool, list[str]] = {}
    for env in environments():
        by_protection.setdefault(settings(env).protected, []).append(env)
    return Product(tuple(gated(tmp_path_factory.mktemp("product"), envs) for envs in by_protection.values()))
