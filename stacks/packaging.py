"""Packs our code for Lambda and Glue without Docker: the same sources give the same bytes, wherever and
whenever they are packed.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from shared.contracts import compiled
from shared.gold_statements import packed_name, statement_files
from shared.project import PRODUCT, domain_folder

REQUIREMENTS = PRODUCT / "lambdas" / "ingest" / "requirements.txt"
PYTHON_VERSION = "3.14"
PLATFORM = "aarch64-manylinux_2_28"  # as uv names it; wheels for an older glibc fit, too
DIGITS = 16  # of a hash, in names
UNUSED_SECONDS = 600  # a synthesis copies its archives within seconds
LAPTOP_ONLY = {"sample", "smoke", "tests", "__pycache__"}  # folders of a domain that no job needs
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
LARGEST_UNZIPPED_BYTES = 250 * 1024**2  # AWS Lambda quota: deployment package, unzipped
# Parts of pyarrow that reading CSV, JSON and Parquet does not need; 124 MB are left.
PRUNED = (
    "pyarrow/include",
    "pyarrow/tests",
    "pyarrow/src",
    "pyarrow/libarrow_flight*",
    "pyarrow/libarrow_python_flight*",
    "pyarrow/_flight*",
    "pyarrow/*.pxd",
    "pyarrow/*.pyx",
    "bin",
    ".lock",  # uv's, empty
    # The runtime has these (with boto3), and a second version beside the runtime's own boto3 may not fit it.
    *(f"{name}*" for name in ("botocore", "jmespath", "dateutil", "python_dateutil", "urllib3", "six")),
)


Files = Mapping[str, Path | bytes]  # name in the archive → the file, or its content


class PackagingError(RuntimeError):
    """Something that belongs into an archive could not be had."""


def lambda_archive(build_dir: Path, domains: tuple[str, ...], *, dependencies: bool) -> Path:
    """The ingest Lambda's zip; without dependencies where the interpreter that runs it has
    them (the laptop).
    """
    own: Files = {**sources("lambdas"), **sources("shared"), **contracts(domains), **spellings(domains)}
    if not dependencies:
        return archive("ingest-bare", own, build_dir)
    packages = installed(REQUIREMENTS, build_dir)
    files: Files = {
        **{p.relative_to(packages).as_posix(): p for p in packages.rglob("*") if p.is_file()},
        **own,
    }
    _check_size(files)
    return archive("ingest", files, build_dir)


def glue_archive(build_dir: Path, domains: tuple[str, ...]) -> Path:
    """The library of all Glue jobs (`--extra-py-files`): our code alone. Packages are Glue's own
    (stacks/glue-6.0.txt) or come as wheels (stacks/wheels.py).
    """
    rules = {name: file for d in domains for name, file in domain_sources(d).items()}
    own: Files = {
        **sources("glue_scripts"),
        **sources("shared"),
        **contracts(domains),
        "domains/__init__.py": b"",
        **rules,
    }
    return archive("spark_jobs", own, build_dir)


def sources(package: str) -> dict[str, Path]:
    """Archive name → file of a package's Python code, without its tests."""
    files = (p.relative_to(PRODUCT) for p in (PRODUCT / package).rglob("*.py"))
    return {
        p.as_posix(): PRODUCT / p for p in files if "tests" not in p.parts and "__pycache__" not in p.parts
    }


def domain_sources(domain: str) -> dict[str, Path | bytes]:
    """Archive name → file of a domain's code: its transforms and what they use, and the SQL of its gold,
    without its sample and tests.
    """
    folder = domain_folder(domain)
    files = [p for p in folder.rglob("*.py") if not LAPTOP_ONLY & set(p.relative_to(folder).parts)]
    statements: dict[str, Path | bytes] = {
        packed_name(domain, table): path for table, path in statement_files(domain).items()
    }
    packages = {p.parent for p in files} | ({folder} if statements else set())
    empty = {f"domains/{domain}/{(p / '__init__.py').relative_to(folder).as_posix()}": b"" for p in packages}
    code = {f"domains/{domain}/{p.relative_to(folder).as_posix()}": p for p in files}
    return {**empty, **code, **statements}


def spellings(domains: tuple[str, ...]) -> dict[str, Path | bytes]:
    """Archive name → file of what ingestion needs of domains beside their contracts (shared/spellings.py)."""
    own = {f"domains/{d}/spellings.py": domain_folder(d) / "spellings.py" for d in domains}
    found: dict[str, Path | bytes] = {name: path for name, path in own.items() if path.exists()}
    packages = {"domains/__init__.py", *(name.replace("spellings.py", "__init__.py") for name in found)}
    return {**found, **dict.fromkeys(packages, b"")} if found else {}


def contracts(domains: tuple[str, ...]) -> dict[str, bytes]:
    """The contracts as JSON, where the packed loader looks for them."""
    return {f"shared/contracts/{name}": content for name, content in compiled(domains).items()}


def archive(name: str, files: Files, build_dir: Path) -> Path:
    """`<build_dir>/<name>-<hash of contents>.zip`, made unless it is there: sorted, undated, all files
    readable.

    A new one takes the place of those that no build has used for a while; parallel builds keep theirs.
    """
    contents = sorted((path, f if isinstance(f, bytes) else f.read_bytes()) for path, f in files.items())
    digest = _digest(part for path, content in contents for part in (path.encode(), content))
    target = build_dir / f"{name}-{digest[:DIGITS]}.zip"
    with contextlib.suppress(FileNotFoundError):
        os.utime(target)  # in use, for whoever looks for old ones
        return target
    build_dir.mkdir(parents=True, exist_ok=True)
    # Made elsewhere and renamed: under its final name an archive is whole, whoever else builds.
    with tempfile.TemporaryDirectory(dir=build_dir) as scratch:
        part = Path(scratch) / target.name
        part.write_bytes(zipped(dict(contents)))
        os.replace(part, target)
    _remove_unused(build_dir, f"{name}-{'[0-9a-f]' * DIGITS}.zip")
    return target


def zipped(contents: Mapping[str, bytes]) -> bytes:
    """A zip in the order that is given, undated, all files readable."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for path, content in contents.items():
            file.writestr(_entry(path), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _remove_unused(build_dir: Path, pattern: str) -> None:
    for old in build_dir.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another build was quicker
            if time.time() - old.stat().st_mtime > UNUSED_SECONDS:
                old.unlink()


def _entry(path: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(path, EPOCH)
    entry.external_attr = 0o644 << 16
    entry.create_system = 3  # Unix, also when packed elsewhere
    return entry


def installed(requirements: Path, build_dir: Path) -> Path:
    """A folder with the wheels of a requirements file for the Lambda's platform, fetched once per content of
    that file.
    """
    digest = _digest(
        [requirements.read_bytes(), PYTHON_VERSION.encode(), *(p.encode() for p in (PLATFORM, *PRUNED))]
    )
    target = build_dir / f"packages-{digest[:DIGITS]}"
    if target.exists():
        return target
    build_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build_dir) as scratch:
        staged = Path(scratch) / "packages"
        fetch(requirements, staged, PYTHON_VERSION, PLATFORM, "the Lambda's packages")
        for path in (p for pattern in PRUNED for p in staged.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        os.replace(staged, target)
    return target


def fetch(
    requirements: Path, target: Path, python: str, platform: str, what: str, more: Iterable[str] = ()
) -> None:
    """Unpacks the wheels of a requirements file for a Python and a platform (as uv names it). Raises
    PackagingError, which calls them `what`.
    """
    fitting = ["--only-binary", ":all:", "--python-version", python, "--python-platform", platform]
    options = [
        "--quiet",
        "--python",
        sys.executable,
        "--no-compile-bytecode",
        *fitting,
        *more,
        "--target",
        str(target),
    ]
    command = [sys.executable, "-m", "uv", "pip", "install", *options, "-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PackagingError(
            f"could not fetch {what} ({requirements}) for Python {python} on {platform}."
            " They are needed once, with a network; afterwards synthesis works offline. The laptop does"
            f" without them: context local=true. uv said:\n{done.stderr.strip()[-2000:]}"
        )


def _check_size(files: Files) -> None:
    size = sum(len(f) if isinstance(f, bytes) else f.stat().st_size for f in files.values())
    if size > LARGEST_UNZIPPED_BYTES:
        raise PackagingError(
            f"the Lambda unzips to {size:,} bytes; AWS allows {LARGEST_UNZIPPED_BYTES:,}: prune more in"
            f" {__file__}"
        )


def _digest(parts: Iterable[bytes]) -> str:
    """Hash of a sequence of byte strings; their borders count."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()
