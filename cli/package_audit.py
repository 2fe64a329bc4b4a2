"""The checks of `./lake audit --packages`: bandit on our code, detect-secrets on the repository, licences,
the bill of materials, pip-audit on the locks.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.supply_chain import EVERYTHING, bill, parts, refused
from cli.venvs import LOCKS, program
from local.console import fail, say
from local.errors import LakeError, with_step
from local.processes import run
from local.settings import ROOT

TOOLS = "audit"  # cli/tools/audit.lock
CODE = ("shared", "lambdas", "glue_scripts", "stacks", "local", "domains", "cli", "app.py")
# What detect-secrets takes for secrets, and is none: a pattern of the whole text, and what it is
NO_SECRETS = {
    "film-api-key": "the name of a secret, in examples",
    "local": "what the emulation gets for a secret key",
    "test": "what moto gets for a secret key",
    r"jane\.doe@example\.com": "what a test looks for in logs",
    "e63c499759e3b07b49563e036f55290f87feb56def8703ec049ca305ab1523d3": "the checksum of a file of npm",
}
_VALIDATE = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1], encoding="utf-8").read())
sys.exit(str(wrong) if wrong else 0)
"""


class NotCheckedError(LakeError):
    """A check could not be made: that is neither clean nor a finding."""


def audited(*, strict: bool) -> tuple[int, dict[str, list[str] | None]]:
    """Makes every check: exit code 1 where one found something, or with `strict` where one could not be made;
    and by check what was found, None where it was not made.
    """
    worst = 0
    checks: dict[str, list[str] | None] = {}
    for name, check in CHECKS.items():
        try:
            found = check()
        except NotCheckedError as error:
            say(f"{name}: NOT CHECKED: {error}")
            worst = max(worst, int(strict))
            checks[name] = None
            continue
        say(f"{name}: {f'{len(found)} findings' if found else 'clean'}")
        checks[name] = found
        if found:
            worst = fail(with_step("\n".join(found), "mend these, then ./lake audit --packages"))
    return worst, checks


def weaknesses() -> list[str]:
    """What bandit finds in our code; pyproject.toml says what is not looked for, and why."""
    found = _answer("bandit", "--quiet", "--configfile", "pyproject.toml", "--format", "json", "-r", *CODE)
    unread = [f"{e['filename']}: {e['reason']}" for e in found["errors"]]
    return unread + [
        f"{r['filename']}:{r['line_number']}: {r['test_id']} {r['issue_text']}" for r in found["results"]
    ]


def secrets() -> list[str]:
    """What detect-secrets takes for a secret in the files of the repository, without the locks' hashes."""
    listed = run(["git", "ls-files"], cwd=ROOT)
    if listed.code:
        raise NotCheckedError(
            "detect-secrets looks at what git has, and this folder is no checkout",
            "clone the repository, and run it there",
        )
    files = [f for f in listed.output.splitlines() if not f.endswith(".lock")]
    known = [word for text in NO_SECRETS for word in ("--exclude-secrets", f"^{text}$")]
    found = _answer("detect-secrets", "scan", *known, *files)
    return [f"{file}:{r['line_number']}: {r['type']}" for file, of in found["results"].items() for r in of]


def licences() -> list[str]:
    return [f"{p.name} {p.version}: {name} is not accepted" for p in parts() for name in refused(p)]


def invalid_bill() -> list[str]:
    """What CycloneDX's schema has against our bill of materials."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_bill(Path(folder) / "bill.json")
        done = run([program(TOOLS, "python"), "-c", _VALIDATE, path])
    return [done.words()] if done.code else []


def vulnerabilities() -> list[str]:
    """What is known against a package of any lock, the tools' too. Raises NotCheckedError without network."""
    options = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json")
    found = []
    for lock in (
        EVERYTHING,
        *sorted(LOCKS.glob("*.lock")),
    ):  # one by one: locks of tools contradict each other
        answer = _answer("pip-audit", *options, "--requirement", str(lock))
        # It calls that "No known vulnerabilities found".
        if skipped := [d["name"] for d in answer["dependencies"] if "skip_reason" in d]:
            raise NotCheckedError(
                f"pip-audit found nothing about {len(skipped)} packages of {lock.name}, {skipped[0]} first",
                "see that pypi.org is reached, then ./lake audit --packages",
            )
        found += [
            f"{lock.name}: {d['name']} {d['version']}: {v['id']}, fixed in"
            f" {', '.join(v['fix_versions']) or 'no version'}"
            for d in answer["dependencies"]
            for v in d["vulns"]
        ]
    return found


def write_bill(path: Path) -> Path:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    path.write_text(json.dumps(bill(parts(), version), indent=2) + "\n", "utf-8")
    return path


def _answer(name: str, *words: str) -> dict[str, Any]:
    """What a tool answers in JSON, whatever its exit code. Raises NotCheckedError for anything else."""
    try:
        binary = program(TOOLS, name)
    except LakeError as error:
        raise NotCheckedError(error.text, error.do) from error
    done = run([binary, *words], cwd=ROOT)
    try:
        answer: dict[str, Any] = json.loads(done.output)
    except json.JSONDecodeError as error:
        raise NotCheckedError(
            f"{name} gave no answer; it said: {done.words()}",
            "remove .lake/tools to have it installed anew, then ./lake audit --packages",
        ) from error
    return answer


CHECKS: dict[str, Callable[[], list[str]]] = {
    "bandit": weaknesses,
    "detect-secrets": secrets,
    "licences": licences,
    "CycloneDX": invalid_bill,
    "pip-audit": vulnerabilities,
}
