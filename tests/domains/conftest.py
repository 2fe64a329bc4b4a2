"""Tests of the shipped domains, each in the folder of its domain; those of a domain that is gone are left
out.
"""

from __future__ import annotations

from pathlib import Path

from shared.project import domain_folder
from tests.support.spark import emulation, rig, spark

__all__ = ["emulation", "rig", "spark"]

HERE = Path(__file__).parent
collect_ignore = [p.name for p in HERE.iterdir() if p.is_dir() and not domain_folder(p.name).exists()]
