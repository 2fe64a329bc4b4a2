"""What is published for Lambda and Glue works away from the repository, and is the same whenever it is
packed.
"""

from __future__ import annotations

import ast
import json
import os
import re
import struct
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from app import BUILD_DIR
from shared.contracts import contracts, domains
from shared.project import VARIABLE
from stacks.packaging import (
    REQUIREMENTS,
    PackagingError,
    archive,
    domain_sources,
    glue_archive,
    installed,
    lambda_archive,
)
from tests.stack.conftest import Assembly

ROOT = Path(__file__).parents[2]
DOMAINS = domains()

LAKE = {
    "LAKE_PREFIX": "lakehouse",
    "LAKE_ENV": "dev",
    "LAKE_ACCOUNT": "123456789012",
    "LAKE_REGION": "us-east-1",
    "LAKE_DEAD_LETTERS": "https://sqs.us-east-1.amazonaws.com/123456789012/lakehouse-dev-ingest-dlq",
}


def run_away_from_home(code: str, folder: Path, path: Path, **environment: str) -> str:
    """The output of Python that finds our packages in `path` only."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    given = {**clean, "PYTHONPATH": str(path), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_published_lambda_imports(assembly: Assembly, tmp_path: Path) -> None:
    function = next(r for p, r in assembly.resources("AWS::Lambda::Function", "dev") if "/ingestion/" in p)
    zipfile.ZipFile(assembly.asset("dev", "ingestion", function["Properties"]["Code"]["S3Key"])).extractall(
        tmp_path / "task"
    )
    variables = function["Properties"]["Environment"]["Variables"]
    assert variables.keys() >= LAKE.keys()
    environment = {
        **{name: value for name, value in variables.items() if isinstance(value, str)},
        "LAKE_DEAD_LETTERS": LAKE["LAKE_DEAD_LETTERS"],
        "AWS_DEFAULT_REGION": "us-east-1",
        "POWERTOOLS_TRACE_DISABLED": "1",
    }
    code = (
        "import lambdas.ingest.handler as h, shared; print(callable(h.handler), h.__file__, shared.__file__)"
    )
    said = run_away_from_home(code, tmp_path, tmp_path / "task", **environment).split()
    assert said[0] == "True"
    assert all(Path(p).is_relative_to(tmp_path / "task") for p in said[1:])


def test_the_glue_library_has_every_contract_without_a_yaml_parser(tmp_path: Path) -> None:
    library = glue_archive(tmp_path, DOMAINS)
    code = (
        "import sys; sys.modules['yaml'] = None\n"
        "import json, glue_scripts.engine.run.job, shared.contracts as c\n"
        "print(json.dumps([c.__file__, {d: len(c.contract(d).tables) for d in c.domains()}]))"
    )
    place, tables = json.loads(run_away_from_home(code, tmp_path, library))
    assert place.startswith(str(library))
    assert tables == {c.domain: len(c.tables) for c in contracts()}


def test_archives_hold_code_and_compiled_contracts_only(tmp_path: Path) -> None:
    function, library = lambda_archive(tmp_path, DOMAINS, dependencies=False), glue_archive(tmp_path, DOMAINS)
    for made, packages in ((function, {"lambdas", "domains"}), (library, {"glue_scripts", "domains"})):
        names = zipfile.ZipFile(made).namelist()
        assert {n.split("/")[0] for n in names} == {*packages, "shared"}
        assert not [n for n in names if "/sample/" in n]
        assert {n for n in names if not n.endswith((".py", ".sql"))} == {
            "shared/contracts/index.json",
            *(f"shared/contracts/{d}.odcs.json" for d in domains()),
        }


def test_of_domains_the_function_has_their_own_spellings_only_and_the_jobs_no_sample_and_no_test(
    tmp_path: Path,
) -> None:
    function, library = lambda_archive(tmp_path, DOMAINS, dependencies=False), glue_archive(tmp_path, DOMAINS)
    of_domains = [
        {n for n in zipfile.ZipFile(made).namelist() if n.startswith("domains/")}
        for made in (function, library)
    ]
    spellings = {"domains/__init__.py", "domains/web/__init__.py", "domains/web/spellings.py"}
    packages = {f"domains/{d}/__init__.py" for d in DOMAINS}
    statements = {f"domains/shop/gold/{name}.sql" for name in ("daily_revenue", "fact_events")}
    assert of_domains == [
        spellings,
        {*spellings, *packages, *statements, *(f"domains/{d}/transforms.py" for d in DOMAINS)},
    ]


def test_the_sql_of_gold_is_found_in_the_jobs_library(tmp_path: Path) -> None:
    asked = (
        "from glue_scripts.engine.gold.transforms import transforms_of;"
        "print({n: t.text.splitlines()[0] for n, t in transforms_of('shop').items() if hasattr(t, 'text')})"
    )
    said = run_away_from_home(asked, tmp_path, glue_archive(tmp_path, DOMAINS))
    first = "-- Rows without an amount count as nothing; a day without revenue has 0."
    assert ast.literal_eval(said) == {"daily_revenue": first, "fact_events": "SELECT"}


def test_a_domain_needs_no_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its tests beside the SQL stay here."""
    folder = tmp_path / "domains" / "bare" / "gold"
    folder.mkdir(parents=True)
    (folder / "daily.sql").write_text("SELECT 1")
    (folder / "daily.test.yaml").write_text("- {}")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert domain_sources("bare") == {
        "domains/bare/__init__.py": b"",
        "domains/bare/gold/daily.sql": folder / "daily.sql",
    }


def test_the_same_content_gives_the_same_bytes_whenever_it_is_packed(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("x = 1")
    first = archive("a", {"b/x.py": tmp_path / "x.py", "a.json": b"{}"}, tmp_path / "1")
    os.utime(tmp_path / "x.py", (0, 0))
    second = archive("a", {"a.json": b"{}", "b/x.py": tmp_path / "x.py"}, tmp_path / "2")
    assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())


def test_other_content_has_another_name(tmp_path: Path) -> None:
    assert archive("a", {"x": b"1"}, tmp_path).name != archive("a", {"x": b"2"}, tmp_path).name
    assert archive("a", {"x": b"1"}, tmp_path).name != archive("a", {"y": b"1"}, tmp_path).name


def test_a_new_archive_replaces_the_unused_ones_of_its_kind_only(tmp_path: Path) -> None:
    old, other, used = (
        archive(name, {"x": content}, tmp_path) for name, content in (("a", b"1"), ("a-b", b"1"), ("a", b"2"))
    )
    for path in (old, other, used):
        os.utime(path, (0, 0))
    assert archive("a", {"x": b"2"}, tmp_path) == used  # by a parallel build
    new = archive("a", {"x": b"3"}, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([other, used, new])


def test_packages_that_cannot_be_fetched_are_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))  # an empty one
    (tmp_path / "requirements.txt").write_text("orjson==3.13.0\n")
    with pytest.raises(PackagingError, match="needed once, with a network"):
        installed(tmp_path / "requirements.txt", tmp_path / "build")
    assert (
        list((tmp_path / "build").iterdir()) == []
    )  # nothing half-made is left to be taken for the real thing


# --- the packages that the function carries: arm64 wheels, which this machine may be unable to run ----------

AARCH64 = 183  # e_machine of ELF, System V ABI
RUNTIME = {
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "urllib3",
    "six",
}  # what AWS puts beside the function


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder that goes into the archive, as a deployment packs it."""
    try:
        return installed(REQUIREMENTS, BUILD_DIR)
    except PackagingError as error:
        pytest.skip(str(error))


def test_every_package_is_built_for_the_function_s_processor_and_python(packages: Path) -> None:
    wheels = {
        w.parent.name: re.findall(r"^Tag: (\S+)$", w.read_text(), re.MULTILINE)
        for w in packages.glob("*.dist-info/WHEEL")
    }
    assert {"orjson", "pyarrow", "aws_lambda_powertools"} <= {name.split("-")[0] for name in wheels}
    fitting = re.compile(
        r"py(2\.py)?3-none-any|cp314-cp314-(manylinux|linux)\w*_aarch64|cp3\d+-abi3-\w*aarch64"
    )
    assert {name: tags for name, tags in wheels.items() if not any(map(fitting.fullmatch, tags))} == {}
    libraries = [p for p in packages.rglob("*") if re.search(r"\.so(\.\d+)*$", p.name)]
    assert libraries
    assert {p.name for p in libraries if struct.unpack("<H", p.read_bytes()[18:20]) != (AARCH64,)} == set()


def test_the_archive_with_its_packages_fits_the_limit_of_lambda(packages: Path, tmp_path: Path) -> None:
    made = zipfile.ZipFile(lambda_archive(BUILD_DIR, DOMAINS, dependencies=True))
    unzipped = sum(entry.file_size for entry in made.infolist())
    assert unzipped < 250 * 1024**2
    assert {
        "lambdas/ingest/handler.py",
        "pyarrow/lib.cpython-314-aarch64-linux-gnu.so",
        "orjson/__init__.py",
    } <= set(made.namelist())


def test_the_function_imports_nothing_that_the_archive_does_not_carry(packages: Path, tmp_path: Path) -> None:
    """By this machine's wheels of the same versions: whatever the handler loads must be packed, ours, the
    runtime's, or Python's.
    """
    pins = dict(re.findall(r"^([\w-]+)(?:\[\w+\])?==(\S+)$", REQUIREMENTS.read_text(), re.MULTILINE))
    assert pins
    assert (
        pins.items()
        <= dict(
            re.findall(
                r"^([\w-]+)(?:\[\w+\])?==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE
            )
        ).items()
    )
    zipfile.ZipFile(lambda_archive(tmp_path, DOMAINS, dependencies=False)).extractall(tmp_path / "task")
    carried = {p.name.split(".")[0] for p in packages.iterdir()} | RUNTIME
    here = {p.name.split(".")[0] for p in Path(sysconfig.get_path("purelib")).iterdir()}
    code = (
        "import sys, json\nclass Absent:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name.split('.')[0] in {sorted(here - carried)}: raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import lambdas.ingest.handler, pyarrow.parquet, pyarrow.compute\n"
        "print(json.dumps([n for n in sys.modules if n.startswith('pyarrow.')]))"
    )
    arrow = json.loads(
        run_away_from_home(code, tmp_path, tmp_path / "task", **LAKE, AWS_DEFAULT_REGION="us-east-1")
    )
    assert "pyarrow.parquet" in arrow
    packed = {
        str(p.relative_to(packages)).split(".")[0].replace("/", ".") for p in packages.glob("pyarrow/**/*")
    }
    assert set(arrow) - packed == set()
