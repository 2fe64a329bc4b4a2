"""Real film titles: movies.json of the npm package vega-datasets, fetched once in a pinned version and
checked (docs/decisions/0010).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from local import npm
from local.errors import LakeError

PACKAGE, FILE = "vega-datasets", "data/movies.json"
SHA256 = "e63c499759e3b07b49563e036f55290f87feb56def8703ec049ca305ab1523d3"


def films() -> list[dict[str, Any]]:
    """Films as the package has them, those with a title.

    Raises LakeError when it cannot be fetched or is another file.
    """
    content = (npm.package(PACKAGE) / FILE).read_bytes()
    if (digest := hashlib.sha256(content).hexdigest()) != SHA256:
        raise LakeError(
            f"{PACKAGE}/{FILE}: expected sha256 {SHA256}, found {digest}",
            f"delete {npm.TOOLS / 'node_modules' / PACKAGE}, then give the same command again",
        )
    return [film for film in json.loads(content) if film["Title"] is not None]


def titles() -> list[str]:
    """Distinct titles, sorted; some are numbers in the source."""
    return sorted({str(film["Title"]) for film in films()})
