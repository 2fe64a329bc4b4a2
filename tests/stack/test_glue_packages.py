"""What jobs find on Glue: its own packages (stacks/glue-6.0.txt) and the wheels that a domain brings."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from packaging.version import Version

from glue_scripts.packages import WANTED, PackageError, check_own, version
from shared.contracts import contract, domains
from stacks.base import Lake
from stacks.config import settings
from stacks.domain import DomainStack
from stacks.packaging import PackagingError, glue_archive
from stacks.processing import ProcessingStack
from stacks.wheels import pinned, wheels

ROOT = Path(__file__).parents[2]
GLUE = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "stacks/glue-6.0.txt").read_text(), re.MULTILINE))
# Pyspark comes with Glue's Spark.
ON_GLUE = {name.lower().replace("_", "-") for name in GLUE} | {"pyspark", "py4j"}
# The ingest function reads sheets, in a process of its own; its package is not on Glue.
NOT_FOR_JOBS = "shared.spreadsheets.sheet"


def clean(code: str, *paths: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Python with these paths before its own packages."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "LAKE_PROJECT")}
    given = {**kept, "PYTHONPATH": os.pathsep.join(map(str, paths)), "PYTHONDONTWRITEBYTECODE": "1", **more}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, env=given, cwd=paths[0].parent, capture_output=True, text=True, check=False
    )


def test_the_library_imports_with_what_glue_has_and_nothing_else(tmp_path: Path) -> None:
    library = glue_archive(tmp_path, domains())
    modules = [
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        for name in zipfile.ZipFile(library).namelist()
        if name.endswith(".py")
    ]
    here = metadata.packages_distributions()
    absent = {m for m, of in here.items() if not any(d.lower().replace("_", "-") in ON_GLUE for d in of)}
    assert {"duckdb", "sklearn", "scipy", "msgspec", "aws_cdk"} & here.keys() <= absent
    code = (
        "import sys, importlib\nclass Absent:\n    def find_spec(self, name, *_):\n"
        f"        if name.split('.')[0] in {sorted(absent)}: raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        f"for name in {[m for m in modules if m != NOT_FOR_JOBS]}: importlib.import_module(name)"
    )
    done = clean(code, library)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", WANTED)
def test_what_is_wanted_of_glue_holds_for_glue_and_for_the_tests(name: str) -> None:
    least, below = map(Version, WANTED[name])
    with_tests = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    # Spark 4.1.1: https://docs.aws.amazon.com/glue/latest/dg/migrating-version-60.html
    assert least == Version(GLUE.get(name, "4.1.1"))
    assert least <= Version(with_tests[name]) < below


def brought(folder: Path, name: str, version: str) -> Path:
    """A folder in which Python finds a distribution of that version before all others."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return folder


@pytest.mark.parametrize(
    ("name", "found"), [("pyarrow", "19.0.0"), ("pyarrow", "27.0.0"), ("pandas", "2.3.2"), ("boto3", "2.0.1")]
)
def test_a_job_stops_at_once_where_glue_has_another_version(tmp_path: Path, name: str, found: str) -> None:
    library = glue_archive(tmp_path, domains())
    least, below = WANTED[name]
    done = clean("import glue_scripts.engine.run.session", brought(tmp_path / "x", name, found), library)
    assert (
        f"PackageError: the jobs need {name} from {least} and below {below}, and Python has {found}."
        in done.stderr
    )
    assert f"name a version in domains/<domain>/requirements.txt, such as {name}=={least}" in done.stderr


def test_amazon_s_own_spelling_of_a_version_is_read(tmp_path: Path) -> None:
    library = glue_archive(tmp_path, domains())
    spark = brought(tmp_path / "x", "pyspark", "4.1.1+amzn.0")
    assert clean("import glue_scripts", spark, library).returncode == 0


def test_a_job_stops_at_once_where_a_package_is_missing(tmp_path: Path) -> None:
    library = glue_archive(tmp_path, domains())
    command = [sys.executable, "-S", "-c", "import glue_scripts.engine.run.session"]
    done = subprocess.run(
        command, env={"PYTHONPATH": str(library)}, capture_output=True, text=True, check=False
    )
    assert "PackageError: the jobs need boto3 from 1.42.84 and below 2, and Python has none." in done.stderr


@pytest.mark.parametrize("script", ["bronze_to_silver", "silver_to_gold"])
def test_a_script_looks_for_the_domain_s_packages_before_it_does_anything(
    tmp_path: Path, script: str
) -> None:
    """No session is made and nothing is asked of AWS, which is not there."""
    given = {"domain": "shop", "prefix": "p", "env": "dev", "account": "1", "region": "x", "run_id": "r"}
    argv = [word for name, value in given.items() for word in (f"--{name}", value)]
    argv += ["--packages", "orjson==0.0.1"]
    code = f"import runpy, sys; sys.argv[1:] = {argv}; runpy.run_path({str(ROOT / 'glue_scripts' / script)!r} + '.py', run_name='__main__')"
    done = clean(code, glue_archive(tmp_path, domains()))
    assert f"PackageError: the domain needs orjson 0.0.1, and Python has {version('orjson')}." in done.stderr
    assert "pip says why at the start of the job's log" in done.stderr


def test_packages_in_just_the_pinned_versions_are_right() -> None:
    check_own("")
    check_own(f"boto3=={version('boto3')},pandas=={version('pandas')}")
    with pytest.raises(PackageError, match=r"the domain needs nowhere 1\.0, and Python has none"):
        check_own(f"boto3=={version('boto3')},nowhere==1.0")


# --- a domain with packages of its own ----------------------------------------------------------------------


def a_wheel(folder: Path) -> Path:
    """A package that no index has, with a program of its own."""
    info, target = "tinydep-1.4.dist-info", folder / "tinydep-1.4-py3-none-any.whl"
    files = {
        "tinydep/__init__.py": "ANSWER = 42\n",
        "tinydep/a, b.txt": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tinydep\nVersion: 1.4\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ntiny = tinydep:main\n",
    }
    record = "".join(f'"{name}",,\n' for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(target, "w") as made:
        for name, content in {**files, f"{info}/RECORD": record}.items():
            made.writestr(name, content)
    return target


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose domain shop needs tinydep; uv finds it in a folder and asks nobody."""
    (index := tmp_path / "index").mkdir()
    wheel = a_wheel(index)
    folder = tmp_path / "project" / "domains" / "shop"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("tinydep==1.4\n")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "requirements.lock").write_text(
        f"# made by ./lake lock\ntinydep==1.4 \\\n    --hash=sha256:{digest}\n"
        "absent==9 ; python_version < '3.12' \\\n    --hash=sha256:00\n"
    )
    for name, value in {
        "LAKE_PROJECT": str(tmp_path / "project"),
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": str(index),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    return folder


def test_wheels_are_packed_as_glue_reads_them(project: Path, tmp_path: Path) -> None:
    made = zipfile.ZipFile(wheels("shop", tmp_path / "build"))
    assert made.namelist() == ["wheels/requirements.txt", "wheels/tinydep-1.4-py3-none-any.whl"]
    assert made.read("wheels/requirements.txt") == b"tinydep==1.4\n"
    made.extractall(tmp_path)
    (again := tmp_path / "again").mkdir()
    offline = [
        "--no-index",
        "--find-links",
        "wheels",
        "-r",
        "wheels/requirements.txt",
        "--target",
        str(again),
    ]
    subprocess.run([sys.executable, "-m", "uv", "pip", "install", "-q", *offline], cwd=tmp_path, check=True)
    assert clean("import tinydep; print(tinydep.ANSWER)", again).stdout == "42\n"
    assert (again / "tinydep" / "a, b.txt").exists()
    assert not [
        n for n in zipfile.ZipFile(tmp_path / "wheels/tinydep-1.4-py3-none-any.whl").namelist() if "bin/" in n
    ]


def test_the_same_lock_gives_the_same_zip_without_asking_again(project: Path, tmp_path: Path) -> None:
    first = wheels("shop", tmp_path / "build")
    (tmp_path / "index" / "tinydep-1.4-py3-none-any.whl").unlink()
    assert wheels("shop", tmp_path / "build") == first
    with pytest.raises(PackagingError, match="could not fetch packages of domain shop"):
        wheels("shop", tmp_path / "elsewhere")


def test_requirements_without_a_lock_are_refused(project: Path) -> None:
    (project / "requirements.lock").unlink()
    with pytest.raises(PackagingError, match=r"domains/shop/requirements\.txt has no lock .* `\./lake lock`"):
        pinned("shop")


def processing(folder: Path, *, dependencies: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """The template of the jobs of shop and web, and what is published with it."""
    app = cdk.App(outdir=str(folder), analytics_reporting=False)
    chosen = tuple(contract(d) for d in ("shop", "web"))
    lake = Lake(settings("dev"), chosen, folder / "build", dependencies=dependencies)
    shared = ProcessingStack(stage := cdk.Stage(app, "dev"), lake, key_arn=None)
    for made in (shared, *(DomainStack(stage, lake, of, shared, key_arn=None) for of in chosen)):
        made.complete()
    app.synth()
    templates = [json.loads(p.read_text())["Resources"] for p in folder.rglob("*.template.json")]
    resources = {f"{n} {name}": r for n, of in enumerate(templates) for name, r in of.items()}
    [manifest] = folder.rglob("devprocessing*.assets.json")
    return resources, json.loads(manifest.read_text())["files"]


def arguments(resources: dict[str, Any], job: str) -> dict[str, Any]:
    [found] = [
        r["Properties"]["DefaultArguments"]
        for r in resources.values()
        if r["Type"] == "AWS::Glue::Job" and r["Properties"]["Name"].endswith(f"-{job}")
    ]
    return found  # type: ignore[no-any-return]


def test_jobs_that_run_the_domain_s_code_install_its_wheels_and_may_read_them(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = ROOT / "tests" / "project"
    for folder in (shipped / "domains").iterdir():  # contracts as they are, beside the lock
        for file in folder.glob("*.y*ml"):
            (project.parent / folder.name).mkdir(exist_ok=True)
            (project.parent / folder.name / file.name).write_bytes(file.read_bytes())
        for file in folder.glob("*.py"):
            (project.parent / folder.name / file.name).write_bytes(file.read_bytes())
    (project.parents[1] / "environments.toml").write_bytes((shipped / "environments.toml").read_bytes())
    resources, files = processing(tmp_path / "aws", dependencies=True)
    for stage in ("bronze-to-silver", "silver-to-gold"):
        given = arguments(resources, f"shop-{stage}")
        assert given["--packages"] == "tinydep==1.4"
        assert given["--python-modules-installer-option"] == "--no-index"
        url = json.dumps(given["--additional-python-modules"])
        [(key, source)] = [
            (place["objectKey"], f["source"])
            for f in files.values()
            for place in f["destinations"].values()
            if place["objectKey"].endswith(".gluewheels.zip")
        ]
        assert f"/{key}" in url
        assert source["packaging"] == "file"
        assert zipfile.is_zipfile(tmp_path / "aws" / "assembly-dev" / source["path"])
        policies = [json.dumps(r) for r in resources.values() if r["Type"] == "AWS::IAM::ManagedPolicy"]
        assert sum(f"/{key}" in p for p in policies) == 2
    for job in ("shop-bronze-ingest", "shop-maintenance", "web-silver-to-gold"):
        assert not {"--packages", "--additional-python-modules"} & arguments(resources, job).keys()
    laptop, _ = processing(tmp_path / "laptop", dependencies=False)
    assert arguments(laptop, "shop-silver-to-gold")["--packages"] == "tinydep==1.4"
    assert "--additional-python-modules" not in arguments(laptop, "shop-silver-to-gold")
