"""The gates on templates as they are deployed: security rules, and CloudFormation's own grammar."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.settings import ROOT

# In a process of its own: the rules apply to a whole app, and Node is told to validate when it starts.
_SYNTH = """
import json, sys
programs = []
sys.addaudithook(lambda event, given: programs.append(given[0]) if event == "subprocess.Popen" else None)
import app
from stacks.config import environments
out, envs, more = json.loads(sys.argv[1])
environments().update(more)
try:
    app.build(envs, context={"local": "true", "gate": "true"}, outdir=out).synth()
finally:
    print(json.dumps([str(p) for p in programs]))
"""
RULES = ("AwsSolutions", "Serverless")
PROTECTED_RULES = (*RULES, "NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321")
REPORT = "validation-report.json"


@dataclass(frozen=True)
class Gated:
    """An assembly of some environments, which fits any account, what each pack of rules reports of it, and the programs that its
    synthesis started.
    """

    folder: Path
    envs: tuple[str, ...]
    reports: dict[str, dict[str, Any]]
    programs: tuple[str, ...]

    @property
    def findings(self) -> dict[str, list[tuple[str, list[str]]]]:
        """By pack that found any: rule and constructs."""
        found = {
            name: [
                (v["ruleName"], [c["constructPath"] for c in v["violatingConstructs"]])
                for v in report["violations"]
            ]
            for name, report in self.reports.items()
        }
        return {name: violations for name, violations in found.items() if violations}

    @property
    def templates(self) -> list[Path]:
        return sorted(self.folder.glob("assembly-*/*.template.json"))

    def idle(self, rules: Iterable[str]) -> list[str]:
        """Packs that did not run: each would name what was accepted on resources."""
        return [r for r in rules if not self.reports.get(r, {}).get("suppressedViolations")]


def gated(out: Path, envs: Sequence[str], more: Mapping[str, Any] | None = None) -> Gated:
    """Synthesizes environments through the security rules, whatever they find; `more` are settings of environments that the
    project does not have. Raises AssertionError if it gets not so far.
    """
    done = subprocess.run(
        [sys.executable, "-c", _SYNTH, json.dumps([str(out), list(envs), dict(more or {})])],
        cwd=ROOT,
        env={**os.environ, "CDK_VALIDATION": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (out / REPORT).exists(), f"{envs} did not synthesize:\n{done.stderr[-5000:]}"
    reports = {r["pluginName"]: r for r in json.loads((out / REPORT).read_text())["pluginReports"]}
    return Gated(out, tuple(envs), reports, tuple(json.loads(done.stdout.splitlines()[-1])))


def grammar_faults(templates: Iterable[Path], region: str = "us-east-1") -> str:
    """What cfn-lint says, by what CloudFormation knows in a region; nothing if it finds no fault.

    W3005 (a dependency stated twice) is left out: the CDK states role and policy together, where only the policy is not implied.
    Of a state machine's tasks it accepts ARNs of the partition `aws` only, in every region, and no substitution for it.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = list(templates)
        copies = [Path(folder) / f"{n}-{template.name}" for n, template in enumerate(given)]
        for template, copy in zip(given, copies, strict=True):
            copy.write_text(
                template.read_text("utf-8").replace("arn:${Partition}:states", "arn:aws:states"), "utf-8"
            )
        command = [
            str(Path(sys.executable).parent / "cfn-lint"),
            "--regions",
            region,
            "--ignore-checks",
            "W3005",
            "--",
        ]
        done = subprocess.run(
            [*command, *map(str, copies)], cwd=ROOT, capture_output=True, text=True, check=False
        )
    return done.stdout + done.stderr if done.returncode or done.stdout else ""
