"""What the product is made of: every package and jar of the locks is named, with version, hash and a licence
that goes with ours.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cli import package_audit, supply_chain
from cli.supply_chain import UNUSED, Part, bill, licence, page, parts, pins, refused
from local.errors import LakeError
from local.settings import ROOT
from tests.support.golden import Golden

PAGE = ROOT / "docs" / "reference" / "licences.md"
LOCKS = sorted([*ROOT.glob("requirements*.lock"), *ROOT.glob("domains/*/requirements.lock")])
TOOL_LOCKS = sorted((ROOT / "cli" / "tools").glob("*.lock"))
DIGEST = "a" * 64


def pinned(lock: Path) -> set[tuple[str, str]]:
    """Name and version of what a lock pins, read by its lines."""
    lines = (line.split(";")[0].rstrip(" \\") for line in lock.read_text().splitlines())
    return {(name, version) for line in lines for name, _, version in [line.partition("==")] if version}


def test_every_package_of_every_lock_and_every_jar_is_named() -> None:
    wanted = set().union(*map(pinned, LOCKS))
    jars = [line.split() for line in (ROOT / "local" / "jars.lock").read_text().splitlines()[1:]]
    found = parts()
    assert {(p.name, p.version) for p in found if p.kind == "pypi"} == wanted
    assert len(found) == len(wanted) + len(jars) > 100
    assert {p.hashes for p in found if p.kind == "maven"} == {(digest,) for digest, _ in jars}
    assert {p.purl for p in found} >= {
        "pkg:pypi/pyspark@4.1.1",
        "pkg:maven/org.apache.iceberg/iceberg-spark-runtime-4.1_2.13@1.11.0",
    }


@pytest.mark.parametrize("lock", [*LOCKS, *TOOL_LOCKS], ids=lambda p: p.name)
def test_every_package_has_a_hash(lock: Path) -> None:
    found = list(pins(lock))
    assert {(name, version) for name, version, _ in found} == pinned(lock) != set()
    assert [name for name, _, hashes in found if not hashes] == []


def test_what_the_tools_are_pinned_to_is_what_their_locks_hold() -> None:
    assert {lock.stem for lock in TOOL_LOCKS} == {p.stem for p in (ROOT / "cli" / "tools").glob("*.txt")}
    for lock in TOOL_LOCKS:
        wanted = re.findall(r"^([\w-]+)(?:\[[\w-]+\])?==(\S+)$", lock.with_suffix(".txt").read_text(), re.M)
        assert set(wanted) <= pinned(lock)


def test_every_licence_is_accepted_with_a_reason_and_none_of_those_is_idle() -> None:
    assert [(p.name, refused(p)) for p in parts() if refused(p)] == []
    known = supply_chain._known()
    used = {name for p in parts() for name in supply_chain.SPDX.findall(p.licence)}
    assert set(known["accepted"]) == used
    assert [n for n, why in known["accepted"].items() if len(why) < 7] == []
    assert set(known["stated"]) <= {p.name for p in parts()}
    assert set(known["jars"]) == {p.name for p in parts() if p.kind == "maven"}


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("GPL-3.0-or-later", ["GPL-3.0-or-later"]),
        ("MIT OR LGPL-2.1-only", ["LGPL-2.1-only"]),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", []),
        ("Apache-2.0 WITH LLVM-exception", ["LLVM-exception"]),
        ("UNKNOWN", ["UNKNOWN"]),
    ],
)
def test_a_licence_that_nobody_accepted_is_named(expression: str, named: list[str]) -> None:
    assert refused(Part("pypi", "a", "1", expression, (DIGEST,), True)) == named


def test_a_licence_that_nobody_knows_is_an_error_that_says_where_to_state_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "silent-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: silent\nVersion: 1\nLicense: BSD\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        LakeError, match=r"silent names no licence\n  → read it, and state it in licences\.toml"
    ):
        licence("silent")
    with pytest.raises(LakeError, match=r"(?s)absent is not installed here.*state it in licences\.toml"):
        licence("absent")


def test_a_component_of_the_bill_has_version_licence_and_hash() -> None:
    jar = Part("maven", "org.x:y_2.13", "1.0", "Apache-2.0", (DIGEST,), True)
    package = Part("pypi", "a-b", "2", "MPL-2.0 AND MIT", (DIGEST, "b" * 64), False)
    made = bill([jar, package], "0.2.0")
    assert (made["bomFormat"], made["specVersion"], made["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made["serialNumber"])
    assert made == bill([jar, package], "0.2.0")
    assert made["metadata"]["component"]["version"] == "0.2.0"
    assert made["components"] == [
        {
            "type": "library",
            "bom-ref": "pkg:maven/org.x/y_2.13@1.0",
            "group": "org.x",
            "name": "y_2.13",
            "version": "1.0",
            "purl": "pkg:maven/org.x/y_2.13@1.0",
            "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": DIGEST}],
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        },
        {
            "type": "library",
            "bom-ref": "pkg:pypi/a-b@2",
            "name": "a-b",
            "version": "2",
            "purl": "pkg:pypi/a-b@2",
            "scope": "excluded",
            "hashes": [{"alg": "SHA-256", "content": DIGEST}, {"alg": "SHA-256", "content": "b" * 64}],
            "licenses": [{"expression": "MPL-2.0 AND MIT"}],
        },
    ]


@pytest.mark.golden
def test_the_page_of_licences_is_current(golden: Golden) -> None:
    golden.compare_page(PAGE, page(parts()), without_what_is_gone)


def without_what_is_gone(text: str) -> str:
    """The page as it is in a copy from which a company removed domains: nothing runs for these."""

    def use(found: re.Match[str]) -> str:
        return found[0] if (ROOT / "domains" / found[1]).exists() else f"| {UNUSED} |"

    return re.sub(r"\| run (\w+) \|$", use, text, flags=re.MULTILINE)


def test_the_page_says_whom_a_part_is_for() -> None:
    made = [
        Part("pypi", "a", "1", "MIT", (DIGEST,), True),
        Part("pypi", "b", "2", "MIT", (DIGEST,), True, "removed"),
        Part("pypi", "c", "3", "MIT", (DIGEST,), False),
    ]
    text = page(made)
    assert text.endswith(
        "| a | 1 | MIT | run |\n| b | 2 | MIT | run removed |\n| c | 3 | MIT | develop and test |\n"
    )
    assert "| b | 2 | MIT | develop and test |\n" in without_what_is_gone(text)


def test_what_could_not_be_checked_is_said_and_fails_only_where_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def offline() -> list[str]:
        raise package_audit.NotCheckedError("no network", "connect to it")

    monkeypatch.setattr(package_audit, "CHECKS", {"clean": list, "pip-audit": offline})
    assert package_audit.audited(strict=False) == (0, {"clean": [], "pip-audit": None})
    assert package_audit.audited(strict=True)[0] == 1
    said = capsys.readouterr()
    assert (said.out + said.err).count("pip-audit: NOT CHECKED: no network") == 2
    assert "pip-audit: clean" not in said.out + said.err
    monkeypatch.setattr(package_audit, "CHECKS", {"pip-audit": offline, "bandit": lambda: ["a.py:1: B602"]})
    assert package_audit.audited(strict=False) == (1, {"pip-audit": None, "bandit": ["a.py:1: B602"]})


@pytest.mark.parametrize("answer", ["", "ConnectionError: https://…", '{"dependencies": [{"name": '])
def test_a_tool_that_gives_no_whole_answer_checked_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    tool = tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\necho why >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setattr(package_audit, "program", lambda *_: tool)
    with pytest.raises(package_audit.NotCheckedError, match="pip-audit gave no answer; it said: "):
        package_audit.vulnerabilities()


def test_a_known_vulnerability_is_a_finding_and_a_skipped_package_is_not_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "tool"
    monkeypatch.setattr(package_audit, "program", lambda *_: tool)

    def answers(**dependency: object) -> None:
        told = json.dumps({"dependencies": [{"name": "a", "version": "1", **dependency}]})
        tool.write_text(f"#!/bin/sh\ncat <<'END'\n{told}\nEND\nexit 1\n")
        tool.chmod(0o755)

    answers(vulns=[{"id": "PYSEC-1", "fix_versions": ["2"]}, {"id": "PYSEC-2", "fix_versions": []}])
    assert package_audit.vulnerabilities() == [
        f"{lock}.lock: a 1: {found}"
        for lock in ("requirements-dev", "airflow", "audit", "checkov", "clients", "datacontract")
        for found in ("PYSEC-1, fixed in 2", "PYSEC-2, fixed in no version")
    ]
    answers(vulns=[])
    assert package_audit.vulnerabilities() == []
    answers(skip_reason="not found")
    with pytest.raises(
        package_audit.NotCheckedError,
        match=r"nothing about 1 packages of requirements-dev\.lock, a first",
    ):
        package_audit.vulnerabilities()
