"""Reads a CDK cloud assembly: its stacks in the order in which they can be deployed, and the assets each
needs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from local.errors import LakeError


class AssemblyError(LakeError):
    """The assembly cannot be deployed."""


@dataclass(frozen=True)
class Asset:
    """A file or folder to publish; a folder is published as a zip."""

    source: Path
    bucket: str
    key: str
    zipped: bool


@dataclass(frozen=True)
class StackArtifact:
    """One stack: its template as an object that an asset publishes, and the ids of the stacks that come
    first.
    """

    id: str
    name: str
    template: Path
    template_url: str
    after: frozenset[str]
    assets: tuple[Asset, ...]

    @property
    def resources(self) -> dict[str, Any]:
        resources: dict[str, Any] = json.loads(self.template.read_text()).get("Resources", {})
        return resources


def stacks(folder: Path) -> list[StackArtifact]:
    """All stacks of an assembly and of the stages in it, in deployment order."""
    artifacts = list(_stacks(folder))
    return ordered(artifacts)


def ordered(artifacts: Iterable[StackArtifact]) -> list[StackArtifact]:
    """Every stack after those it depends on; otherwise in the order given.

    Raises AssemblyError on a circle.
    """
    by_id = {stack.id: stack for stack in artifacts}
    graph: Mapping[str, frozenset[str]] = {id_: stack.after & by_id.keys() for id_, stack in by_id.items()}
    try:
        return [by_id[id_] for id_ in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise AssemblyError(
            f"stacks depend on each other in a circle: {' → '.join(error.args[1])}",
            "mend the dependencies in stacks/; ./lake synth says whether they are right",
        ) from error


def _stacks(folder: Path) -> Iterable[StackArtifact]:
    artifacts = json.loads((folder / "manifest.json").read_text()).get("artifacts", {})
    for id_, artifact in artifacts.items():
        match artifact["type"]:
            case "cdk:cloud-assembly":
                yield from _stacks(folder / artifact["properties"]["directoryName"])
            case "aws:cloudformation:stack":
                yield _stack(folder, id_, artifacts)


def _stack(folder: Path, id_: str, artifacts: dict[str, Any]) -> StackArtifact:
    artifact = artifacts[id_]
    properties, dependencies = artifact["properties"], artifact.get("dependencies", [])
    manifests = [
        artifacts[d]["properties"]["file"]
        for d in dependencies
        if artifacts[d]["type"] == "cdk:asset-manifest"
    ]
    return StackArtifact(
        id=id_,
        name=properties.get("stackName", id_),
        template=folder / properties["templateFile"],
        template_url=properties["stackTemplateAssetObjectUrl"],
        after=frozenset(d for d in dependencies if artifacts[d]["type"] == "aws:cloudformation:stack"),
        assets=tuple(asset for manifest in manifests for asset in _assets(folder, manifest)),
    )


def _assets(folder: Path, manifest: str) -> Iterable[Asset]:
    known = json.loads((folder / manifest).read_text())
    if images := known.get("dockerImages"):
        raise AssemblyError(
            f"{folder / manifest}: Docker image assets cannot be published here: {', '.join(images)}",
            "take the images out of the stacks, or deploy it: ./lake deploy --env NAME",
        )
    for entry in known.get("files", {}).values():
        for destination in entry["destinations"].values():
            source = entry["source"]
            yield Asset(
                folder / source["path"],
                destination["bucketName"],
                destination["objectKey"],
                source.get("packaging") == "zip",
            )
