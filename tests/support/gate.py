"""The gates on templates as they are deployed: security rules, and CloudFormation's own grammar."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
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
out, envs = json.loads(sys.argv[1])
try:
    app.build(envs, context={"local": "true", "gate": "true"}, outdir=out).synth()
finally:
    print(json.dumps([str(p) for p in programs]))
"""
RULES = ("AwsSolutions", "Serverless")
PROTECTED_RULES = (*RULES, "NIST.800.53.R5")
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


def gated(out: Path, envs: Sequence[str]) -> Gated:
    """Synthesizes environments through the security rules, whatever they find. Raises AssertionError if it gets not so far."""
    done = subprocess.run(
        [sys.executable, "-c", _SYNTH, json.dumps([str(out), list(envs)])],
        cwd=ROOT,
        env={**os.environ, "CDK_VALIDATION": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (out / REPORT).exists(), f"{envs} did not synthesize:\n{done.stderr[-5000:]}"
    reports = {r["pluginName"]: r for r in json.loads((out / REPORT).read_text())["pluginReports"]}
    return Gated(out, tuple(envs), reports, tuple(json.loads(done.stdout.splitlines()[-1])))


def grammar_faults(templates: Iterable[Path]) -> str:
    """What cfn-lint says; nothing if it finds no fault.

    W3005 (a dependency stated twice) is left out: the CDK states role and policy together, where only the policy is not implied.
    """
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--ignore-checks", "W3005", "--"]
    done = subprocess.run(
        [*command, *map(str, templates)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr if done.returncode or done.stdout else ""
