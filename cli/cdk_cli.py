"""The CDK's own command line, pinned in package.json, on the stacks of one environment."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from typing import TypedDict, Unpack

from local import npm
from local.settings import ROOT
from shared.names import Names
from shared.project import project_folder

TOGETHER = 10  # stacks at once; those of the domains do not wait for each other


class Chosen(TypedDict, total=False):
    """`stack`: one of the environment's, with those that need it; all without it. `pinned`: whose account and
    region the templates are for. `new`: stacks that were never complete, which nothing may protect yet.
    """

    stack: str
    pinned: Names
    new: Sequence[str]


def command(action: str, env: str, extra: Sequence[str] = (), **chosen: Unpack[Chosen]) -> list[str]:
    """Arguments after `cdk`.

    Whatever changes or compares stacks passes the security rules first, so a finding stops it.
    """
    app = shlex.join([sys.executable, str(ROOT / "app.py")])
    stacks = [] if action == "bootstrap" else [f"{env}/{chosen.get('stack', '*')}"]
    gate = ["-c", "gate=true"] if action in ("deploy", "diff") else []
    pinned, new = chosen.get("pinned"), chosen.get("new")
    place = ["-c", f"account={pinned.account}", "-c", f"region={pinned.region}"] if pinned else []
    first = ["-c", f"first={','.join(new)}"] if new else []
    together = ["--concurrency", str(TOGETHER)] if _may_go_together(action, extra) else []
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
        *place,
        *first,
        *together,
        *extra,
    ]


def _may_go_together(action: str, extra: Sequence[str]) -> bool:
    """While the CDK has questions to ask, it takes one stack at a time, and else refuses."""
    words = " ".join(extra).replace("=", " ")
    if "--concurrency" in words:
        return False
    return action == "destroy" or (action == "deploy" and "--require-approval never" in words)


def run(action: str, env: str, extra: Sequence[str] = (), **chosen: Unpack[Chosen]) -> int:
    """Runs it in the foreground, with the user's AWS configuration; its exit code."""
    cdk = npm.package("aws-cdk") / "bin" / "cdk"
    environment = {
        **npm.environment(),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    words = command(action, env, extra, **chosen)
    return subprocess.run(
        [str(npm.node()), str(cdk), *words], cwd=ROOT, env=environment, check=False
    ).returncode
