"""What the product is made of, from its locks: packages and jars with versions, hashes and licences; as a
page and as a CycloneDX bill of materials.
"""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local import toolchain
from local.errors import LakeError
from local.settings import ROOT

LICENCES = ROOT / "cli" / "licences.toml"
EVERYTHING = ROOT / "requirements-dev.lock"  # holds every package of every set
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)[^\n]*((?:\n +--hash=\S+(?: \\)?)*)", re.MULTILINE)
SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
JAR = re.compile(r"([^_]+)_(.+)-(\d[\w.]*)\.jar")
SPDX = re.compile(r"\b(?!(?:AND|OR|WITH)\b)[A-Za-z0-9][A-Za-z0-9.+-]*")
UNUSED = "develop and test"
HEAD = """# Licences
Made from the locks and the packages' own metadata by `./lake test --write-golden`; a test fails when it is
out of date. The product itself is under [Apache-2.0](../../LICENSE).
A wheel may carry libraries of others; their licences lie beside it, in its `dist-info`.
Tools of single gates (`cli/tools/`) are not part of it.

"""


@dataclass(frozen=True)
class Part:
    """A package or jar. `hashes`: sha256 of each file that a lock allows for it. `runs`: the product runs
    with it; else only its gates and tests do. `domain`: the only one that it runs for, by its own lock.
    """

    kind: str  # pypi | maven
    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]
    runs: bool
    domain: str = ""

    @property
    def purl(self) -> str:
        return f"pkg:{self.kind}/{self.name.replace(':', '/')}@{self.version}"


def parts() -> list[Part]:
    """Every package of every lock, then every jar. Raises LakeError for a licence that nobody knows."""
    domain_of = {name: lock.parent.name for lock in _domain_locks() for name, *_ in pins(lock)}
    shared = {name for lock in _own_locks() if lock != EVERYTHING for name, *_ in pins(lock)}
    packages = (
        Part(
            "pypi",
            name,
            version,
            licence(name),
            hashes,
            name in shared or name in domain_of,
            "" if name in shared else domain_of.get(name, ""),
        )
        for name, version, hashes in pins(EVERYTHING)
    )
    return [*packages, *_jars()]


def pins(lock: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, version and hashes of each package of a lock."""
    for name, version, hashes in PIN.findall(lock.read_text("utf-8")):
        yield _normal(name), version, tuple(SHA256.findall(hashes))


def licence(package: str) -> str:
    """A package's licence as an SPDX expression. Raises LakeError when neither it nor we know."""
    if package in _known()["stated"]:
        return str(_known()["stated"][package])
    try:
        metadata = importlib.metadata.metadata(package)
    except importlib.metadata.PackageNotFoundError as error:
        raise LakeError(
            f"{package} is not installed here, so its licence is not known", f"state it in {LICENCES.name}"
        ) from error
    if "License-Expression" in metadata:
        return str(metadata["License-Expression"])
    said = metadata["License"].splitlines()[:1] if "License" in metadata else []
    classified = [c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier") or ()]
    for words in (*said, *classified):
        if words in _known()["spelled"]:
            return _known()["spelled"][words]
        if not _unaccepted(words):
            return str(words)
    raise LakeError(
        f"the metadata of {package} names no licence", f"read it, and state it in {LICENCES.name}"
    )


def refused(part: Part) -> list[str]:
    """The licences of a part that nobody has accepted."""
    return _unaccepted(part.licence)


def _unaccepted(expression: str) -> list[str]:
    return [name for name in SPDX.findall(expression) if name not in _known()["accepted"]]


def page(found: list[Part]) -> str:
    """The text of docs/reference/licences.md."""
    used = sorted({name for part in found for name in SPDX.findall(part.licence)})
    return (
        HEAD
        + "| licence | why it goes with ours |\n|---|---|\n"
        + "".join(f"| {name} | {_known()['accepted'].get(name, '')} |\n" for name in used)
        + "\n| part | version | licence | needed to |\n|---|---|---|---|\n"
        + "".join(f"| {p.name} | {p.version} | {p.licence} | {_use(p)} |\n" for p in found)
    )


def bill(found: list[Part], version: str) -> dict[str, Any]:
    """A CycloneDX 1.6 bill of materials; equal locks give equal bills."""
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{version} {[(p.purl, p.hashes) for p in found]}")
    product = {
        **{"type": "application", "bom-ref": "lakehouse", "name": "lakehouse", "version": version},
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    return {
        **{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "serialNumber": identity.urn},
        "metadata": {"component": product},
        "components": [_component(part) for part in found],
    }


def _component(part: Part) -> dict[str, Any]:
    group, _, name = part.name.rpartition(":")
    single = SPDX.fullmatch(part.licence)
    return {
        "type": "library",
        "bom-ref": part.purl,
        **({"group": group} if group else {}),
        **{"name": name, "version": part.version, "purl": part.purl},
        "scope": "required" if part.runs else "excluded",
        "hashes": [{"alg": "SHA-256", "content": h} for h in part.hashes],
        "licenses": [{"license": {"id": part.licence}} if single else {"expression": part.licence}],
    }


def _jars() -> Iterator[Part]:
    for file, digest in sorted(toolchain.locked().items()):
        found = JAR.fullmatch(file)
        if found is None:
            raise LakeError(
                f"{file} in {toolchain.LOCK.name}: expected <group>_<artifact>-<version>.jar",
                f"mend {toolchain.LOCK.name}",
            )
        group, artifact, version = found.groups()
        name = f"{group}:{artifact}"
        if name not in _known()["jars"]:
            raise LakeError(
                f"the licence of {name} is not known", f"read it in the jar, state it in {LICENCES.name}"
            )
        yield Part("maven", name, version, str(_known()["jars"][name]), (digest,), True)


def _own_locks() -> list[Path]:
    return sorted(ROOT.glob("requirements*.lock"))


def _domain_locks() -> list[Path]:
    return sorted(ROOT.glob("domains/*/requirements.lock"))


def _use(part: Part) -> str:
    """What the page says that a part is needed to."""
    return (f"run {part.domain}" if part.domain else "run") if part.runs else UNUSED


@cache
def _known() -> dict[str, dict[str, str]]:
    return tomllib.loads(LICENCES.read_text("utf-8"))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
