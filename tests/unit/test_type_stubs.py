"""Stubs are for mypy only: archives of Lambda and Glue hold none, so nothing may import them when it runs."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.support.imports import imported

ROOT = Path(__file__).parents[2]
PACKAGES = ("shared", "lambdas", "glue_scripts", "stacks", "local", "domains", "cli")
MODULES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def stubs(source: str) -> list[str]:
    return [m for m in imported(ast.parse(source)) if m.startswith(("mypy_boto3_", "types_"))]


def test_an_import_of_stubs_is_seen_wherever_it_stands() -> None:
    inside = "if TYPE_CHECKING:\n    from mypy_boto3_s3 import S3Client\n"
    assert stubs(inside) == []
    assert stubs("from mypy_boto3_s3 import S3Client\n") == ["mypy_boto3_s3"]
    assert stubs("def f():\n    import mypy_boto3_s3.type_defs\n") == ["mypy_boto3_s3.type_defs"]


@pytest.mark.parametrize("module", MODULES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_no_module_imports_stubs_when_it_runs(module: Path) -> None:
    assert stubs(module.read_text("utf-8")) == []
