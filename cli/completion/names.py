"""Names in the project's files, read without what checks them: a file that is wrong, or not there, has none.

Importing contracts and settings would take three times as long as a press of a key may.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from shared.project import ENVIRONMENTS, domains_folder, project_folder

CONTRACT = "contract.odcs.yaml"


def environments() -> list[str]:
    """Those of environments.toml, in its order."""
    try:
        return list(tomllib.loads((project_folder() / ENVIRONMENTS).read_text("utf-8")))
    except (OSError, ValueError):
        return []


def domains() -> list[str]:
    """Folders with a contract, sorted."""
    return sorted(path.parent.name for path in domains_folder().glob(f"*/{CONTRACT}"))


def datasets(domain: str) -> list[str]:
    """Of one domain; of all where none is named."""
    return _unique(name for each in _chosen(domain) for layer, name in _described(each) if layer == "bronze")


def tables(domain: str) -> list[str]:
    """`silver.users`; of one domain, or of all where none is named."""
    return _unique(
        f"{layer}.{name}" for each in _chosen(domain) for layer, name in _described(each) if layer != "bronze"
    )


def reports(domain: str) -> list[str]:
    """Of one domain; of all where none is named."""
    return _unique(
        p.stem for d in _chosen(domain) for p in sorted((domains_folder() / d / "reports").glob("*.sql"))
    )


def _chosen(domain: str) -> list[str]:
    return [each for each in domains() if domain in ("", each)]


def _unique(found: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _described(domain: str) -> Iterator[tuple[str, str]]:
    """Layer and name of each table of a contract."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is seven times faster
    try:
        text = (domains_folder() / domain / CONTRACT).read_text("utf-8")
        found = yaml.load(text, Loader=loader)["schema"]  # nosec B506: safe, too
        described = [(table["physicalName"], table["customProperties"]) for table in found]
        layers = [{p["property"]: p["value"] for p in properties}["layer"] for _, properties in described]
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return
    yield from ((str(layer), str(name)) for layer, (name, _) in zip(layers, described, strict=True))
