"""The CDK's own command line, pinned in package.json, on the stacks of one environment."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence

from local import npm
from local.settings import ROOT
from shared.project import project_folder


def command(action: str, env: str, extra: Sequence[str] = ()) -> list[str]:
    """Arguments after `cdk`.

    Whatever changes or compares stacks passes the security rules first, so a finding stops it.
    """
    app = shlex.join([sys.executable, str(ROOT / "app.py")])
    stacks = [] if action == "bootstrap" else [f"{env}/*"]
    gate = ["-c", "gate=true"] if action in ("deploy", "diff") else []
    return [
        action,
        *stacks,
        "--app",
        app,
        "--output",
        str(project_folder() / ".lake" / "deploy" / env),
        "-c",
        f"env={env}",
        *gate,
        *extra,
    ]


def run(action: str, env: str, extra: Sequence[str] = ()) -> int:
    """Runs it in the foreground, with the user's AWS configuration; its exit code."""
    cdk = npm.package("aws-cdk") / "bin" / "cdk"
    environment = {
        **npm.environment(),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    return subprocess.run(
        [str(npm.node()), str(cdk), *command(action, env, extra)], cwd=ROOT, env=environment, check=False
    ).returncode
