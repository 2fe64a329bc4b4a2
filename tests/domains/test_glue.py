"""Domains with packages of their own, on a Python like that of Glue: its version, its packages, our wheels."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from app import BUILD_DIR
from shared.contracts import domains
from stacks.packaging import PackagingError, glue_archive
from stacks.wheels import PYTHON_VERSION, pinned, wheels

IMAGE = Path(__file__).parents[2] / "stacks" / "glue-6.0.txt"
UV = (sys.executable, "-m", "uv")


def ran(*command: str | Path, **environment: str) -> str:
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "LAKE_PROJECT")}
    done = subprocess.run(
        list(map(str, command)), env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def glue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python with what Glue's image brings; needs a network, and a Python of that version or to fetch it."""
    folder: Path = tmp_path_factory.mktemp("glue") / "venv"
    try:
        ran(*UV, "venv", "-q", "--no-project", "--python", PYTHON_VERSION, folder)
        ran(*UV, "pip", "install", "-q", "--python", folder, "--no-deps", "-r", IMAGE)
    except AssertionError as error:
        pytest.skip(str(error))
    # Spark's Python is plain files, on Glue as here.
    for name in ("pyspark", "py4j"):
        found = metadata.distribution(name).locate_file(name)
        (folder / "lib" / f"python{PYTHON_VERSION}" / "site-packages" / name).symlink_to(str(found))
    return folder / "bin" / "python"


@pytest.mark.slow
@pytest.mark.parametrize("domain", [d for d in domains() if pinned(d)])
def test_the_jobs_find_all_that_they_import(domain: str, glue: Path, tmp_path: Path) -> None:
    library = glue_archive(tmp_path, (domain,))
    modules = [
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in zipfile.ZipFile(library).namelist()
        if name.endswith(".py") and "spreadsheets" not in name  # the ingest function's
    ]
    code = (
        "import importlib, sys\nfrom glue_scripts.packages import check_own\n"
        f"check_own({pinned(domain)!r})\nfor name in {modules}: importlib.import_module(name)\nprint('all')"
    )
    with pytest.raises(AssertionError, match="PackageError: the domain needs"):
        ran(glue, "-c", code, PYTHONPATH=str(library))
    try:
        zipfile.ZipFile(wheels(domain, BUILD_DIR)).extractall(tmp_path)
    except PackagingError as error:
        pytest.skip(str(error))
    offline = ("--no-index", "--find-links", tmp_path / "wheels", "-r", tmp_path / "wheels/requirements.txt")
    ran(glue, "-m", "pip", "install", "-q", *offline)  # Glue's own pip
    assert ran(glue, "-c", code, PYTHONPATH=str(library)) == "all\n"
