"""A domain's own packages for Glue: wheels in one zip, which a job installs without the internet.

What it must look like: "Creating a Zip of Wheels Artifact"
(https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html).
What Glue itself brings: stacks/glue-6.0.txt.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aws_cdk import AssetStaging, FileAssetPackaging

from shared.project import domain_folder, shown
from stacks.base import LakeStack
from stacks.packaging import DIGITS, Files, PackagingError, archive, fetch, zipped

PYTHON_VERSION = "3.13"  # of Glue 6.0
PLATFORM = "x86_64-manylinux_2_28"  # Amazon Linux 2023 has glibc 2.34; wheels for an older one fit, too
PIN = re.compile(r"^([\w.-]+)==([^\s;\\]+)\s*(;)?", re.MULTILINE)
UNPACKED_ONLY = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}  # what an installer writes


@dataclass(frozen=True)
class Packages:
    """A domain's own packages, as arguments of its jobs, and the object that they are read from."""

    arguments: dict[str, str]
    object_arns: tuple[str, ...] = ()

    @classmethod
    def of(cls, stack: LakeStack, domain: str) -> Packages:
        """Published with the stack, unless the runtime brings packages itself (the laptop)."""
        named = pinned(domain)
        if not named:
            return cls({})
        if not stack.lake.dependencies:
            return cls({"--packages": named})
        staged = AssetStaging(
            stack, f"Wheels-{domain}", source_path=str(wheels(domain, stack.lake.build_dir))
        )
        # Glue knows the kind of the file by the end of its key.
        published = stack.synthesizer.add_file_asset(
            file_name=staged.relative_staged_path(stack),
            source_hash=f"{staged.asset_hash}.gluewheels",
            packaging=FileAssetPackaging.FILE,
        )
        return cls(
            {
                "--packages": named,
                "--additional-python-modules": f"s3://{published.bucket_name}/{published.object_key}",
                "--python-modules-installer-option": "--no-index",
            },
            (f"arn:{stack.partition}:s3:::{published.bucket_name}/{published.object_key}",),
        )


def lock_of(domain: str) -> Path | None:
    """The lock of a domain's own packages; None: it has none. Raises PackagingError where it was not made."""
    requirements = domain_folder(domain) / "requirements.txt"
    lock = requirements.with_suffix(".lock")
    if requirements.exists() and not lock.exists():
        raise PackagingError(f"{shown(requirements)} has no lock beside it: run `./lake lock`")
    return lock if lock.exists() else None


def pinned(domain: str) -> str:
    """The packages that a job must find, `name==version` by commas; not those of some platforms only."""
    lock = lock_of(domain)
    found = PIN.findall(lock.read_text("utf-8")) if lock else []
    return ",".join(f"{name}=={version}" for name, version, marker in found if not marker)


def wheels(domain: str, build_dir: Path) -> Path:
    """The zip with the wheels of all that a domain's lock names, for Glue's Python and platform; fetched once
    per content of the lock. Raises PackagingError.
    """
    lock = lock_of(domain)
    if lock is None:
        raise PackagingError(f"domain {domain} has no packages of its own")
    digest = hashlib.sha256(f"{PYTHON_VERSION} {PLATFORM} ".encode() + lock.read_bytes()).hexdigest()
    target = build_dir / f"wheels-{digest[:DIGITS]}"
    if not (made := list(target.glob("*.zip"))):
        with tempfile.TemporaryDirectory() as scratch:
            packages = Path(scratch)
            options = ["--require-hashes", "--no-deps"]
            fetch(lock, packages, PYTHON_VERSION, PLATFORM, f"packages of domain {domain}", options)
            made = [archive("wheels", _artifact(packages), target)]
    return made[0]


def _artifact(packages: Path) -> Files:
    """Name in the zip → content, of packages that are unpacked in a folder."""
    built = [_wheel(info, packages) for info in sorted(packages.glob("*.dist-info"))]
    names = "".join(f"{'=='.join(name.split('-')[:2])}\n" for name, _ in built)
    return {"wheels/requirements.txt": names.encode(), **{f"wheels/{n}": content for n, content in built}}


def _wheel(info: Path, packages: Path) -> tuple[str, bytes]:
    """A package's wheel, by the files that were installed of it (PEP 427). Programs are left out: they name
    this machine's Python, and pip makes them anew.
    """
    recorded = [row[0] for row in csv.reader(io.StringIO((info / "RECORD").read_text("utf-8")))]
    kept = [
        path
        for path in sorted(recorded)
        if not path.startswith(("bin/", "..", "/"))
        and not (path.startswith(f"{info.name}/") and Path(path).name in UNPACKED_ONLY)
    ]
    files = {path: (packages / path).read_bytes() for path in kept}
    rows = [f"{_quoted(path)},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    record = f"{info.name}/RECORD"
    tags = re.findall(r"^Tag: (\S+)$", (info / "WHEEL").read_text("utf-8"), re.MULTILINE)
    tag = "-".join(".".join(sorted(set(parts))) for parts in zip(*(t.split("-") for t in tags), strict=True))
    content = zipped({**files, record: "\n".join([*rows, f"{record},,", ""]).encode()})
    return f"{info.name.removesuffix('.dist-info')}-{tag}.whl", content


def _quoted(path: str) -> str:
    return f'"{path}"' if "," in path else path


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
