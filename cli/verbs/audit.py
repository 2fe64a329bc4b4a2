"""`./lake audit`: checkov, a second opinion on the templates; its pinned boto3 contradicts ours, so it has a
venv of its own. With `--packages` or `--sbom`: what the product is made of.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from cli import options
from cli.options import add_json
from cli.package_audit import audited, write_bill
from cli.venvs import program
from local.console import fail, print_table, say, write_json
from local.errors import LakeError, with_step
from local.processes import run
from local.settings import ROOT
from local.synth import synthesize

EXAMPLE = "./lake audit --json audit.json"
RESULT = {
    "findings": "of checkov: check, title, template, resource, accepted (the reason, or null)",
    "stale": "acceptances that match nothing",
    "checks": "--packages: by check what was found; null: it could not be made",
    "sbom": "--sbom: the file",
}
CHECKOV = "checkov"
ACCEPTED = ROOT / "cli" / "checkov_accepted.json"
TEMPLATES = {"local": "true"}  # without the function's packages, which checkov does not look at


@dataclass(frozen=True)
class Finding:
    """A failed check: its id and title, the template (`prodstorage…`) and the resource
    (`AWS::SQS::Queue.<logical id>`).
    """

    check: str
    title: str
    template: str
    resource: str


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)
    parser.add_argument(
        "--packages",
        action="store_true",
        help="instead: bandit, detect-secrets, licences, bill of materials, known vulnerabilities",
    )
    parser.add_argument(
        "--strict", action="store_true", help="with --packages: what could not be checked is a failure"
    )
    parser.add_argument(
        "--sbom", type=options.path, metavar="FILE", help="instead: write the CycloneDX bill of materials"
    )


def execute(arguments: argparse.Namespace) -> int:
    if arguments.sbom is not None:
        written = write_bill(arguments.sbom)
        say(f"{written} written")
        write_json(arguments.json, {"sbom": written})
        return 0
    if not arguments.packages:
        return _checked_templates(arguments)
    code, checks = audited(strict=arguments.strict)
    write_json(arguments.json, {"checks": checks})
    return code


def _checked_templates(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        findings = list(failed_checks(synthesize(None, Path(folder), TEMPLATES)))
    accepted: dict[str, dict[str, str]] = json.loads(ACCEPTED.read_text())
    new = [f for f in findings if reason(f, accepted) is None]
    stale = unused(findings, accepted)
    write_json(
        arguments.json,
        {"findings": [{**vars(f), "accepted": reason(f, accepted)} for f in findings], "stale": stale},
    )
    if new:
        print_table(
            "checkov: not accepted",
            ("check", "what", "resource"),
            [(f.check, f.title, f"{f.template}: {f.resource}") for f in new],
        )
    say(
        f"checkov: {len(findings)} findings, {len(findings) - len(new)} accepted with a reason in"
        f" {ACCEPTED.relative_to(ROOT)}"
    )
    if not (new or stale):
        return 0
    text = "\n".join(f"accepted, but no longer found: {s}" for s in stale) or "findings are left"
    step = f"mend them, or change {ACCEPTED.relative_to(ROOT)} with a reason; then ./lake audit"
    return fail(with_step(text, step))


def failed_checks(assembly: Path) -> Iterator[Finding]:
    """Failed checks of all templates of an assembly. Raises LakeError when checkov itself fails."""
    command: list[str | Path] = [
        program(CHECKOV, "checkov"),
        "-d",
        assembly,
        "--framework",
        "cloudformation",
        "--compact",
        "--quiet",
        "-o",
        "json",
    ]
    done = run(command)
    try:
        results = json.loads(done.output)["results"]
    except (json.JSONDecodeError, KeyError) as error:
        raise LakeError(
            f"checkov did not answer: {done.words()}",
            "remove .lake/tools to have checkov installed anew, then ./lake audit",
        ) from error
    if results.get("parsing_errors"):
        raise LakeError(
            f"checkov could not read {results['parsing_errors']}",
            "./lake synth writes these templates: look at them there",
        )
    for failed in results["failed_checks"]:
        yield Finding(
            failed["check_id"],
            failed["check_name"],
            Path(failed["file_path"]).name.partition(".")[0],
            failed["resource"],
        )


def reason(finding: Finding, accepted: dict[str, dict[str, str]]) -> str | None:
    """Why a finding is accepted; None if nobody said so."""
    return next(
        (
            why
            for place, why in accepted.get(finding.check, {}).items()
            if fnmatchcase(finding.resource, place)
        ),
        None,
    )


def unused(findings: list[Finding], accepted: dict[str, dict[str, str]]) -> list[str]:
    """Acceptances that match nothing."""
    return [
        f"{c} {p}"
        for c, of in accepted.items()
        for p in of
        if not any(f.check == c and fnmatchcase(f.resource, p) for f in findings)
    ]
