"""One synthesis for all tests of the stacks; they read the templates as plain JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.settings import ACCOUNT, REGION
from local.synth import LOCAL_CONTEXT

# Read when the CDK is imported, which a test module may do first: the gate has its own test, here it would cost six seconds.
os.environ["CDK_VALIDATION"] = "false"
ENVS = ("dev", "test", "prod")
__all__ = ["ACCOUNT", "ENVS", "REGION", "Assembly", "assembly", "read"]


@dataclass(frozen=True)
class Assembly:
    """Templates by environment and stack: `template("dev", "storage")`."""

    folder: Path
    stacks: dict[tuple[str, str], dict[str, Any]]
    files: dict[tuple[str, str], Path]

    def template(self, env: str, stack: str) -> dict[str, Any]:
        return self.stacks[env, stack]

    def resources(self, kind: str, env: str | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        """`env/stack/logical id` and resource of every resource of a type."""
        for (of, stack), template in self.stacks.items():
            for logical_id, resource in template["Resources"].items():
                if resource["Type"] == kind and env in (None, of):
                    yield f"{of}/{stack}/{logical_id}", resource

    def named(self, kind: str, name: str, env: str = "dev") -> set[str]:
        """Values of a naming property."""
        return {str(r["Properties"][name]) for _, r in self.resources(kind, env)}

    def asset(self, env: str, stack: str, key: str) -> Path:
        """The file that is published under an asset's object key."""
        manifest = self.files[env, stack].with_name(
            self.files[env, stack].name.replace(".template.json", ".assets.json")
        )
        for entry in json.loads(manifest.read_text())["files"].values():
            if any(d["objectKey"] == key for d in entry["destinations"].values()):
                return manifest.parent / str(entry["source"]["path"])
        raise LookupError(f"no asset {key} in {manifest}")


def read(folder: Path, envs: Sequence[str] = ENVS, *, prefix: str = "lakehouse") -> Assembly:
    stacks, files = {}, {}
    for env in envs:
        for artifact in json.loads((folder / f"assembly-{env}" / "manifest.json").read_text())[
            "artifacts"
        ].values():
            if artifact["type"] == "aws:cloudformation:stack":
                name = artifact["properties"]["stackName"].removeprefix(f"{prefix}-{env}-")
                files[env, name] = folder / f"assembly-{env}" / artifact["properties"]["templateFile"]
                stacks[env, name] = json.loads(files[env, name].read_text())
    return Assembly(folder, stacks, files)


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """All environments as the laptop would synthesize them: nothing is fetched. Once, also for other folders that use this fixture."""
    import app

    folder = tmp_path_factory.getbasetemp() / "cdk"
    if not folder.exists():
        app.build(context=LOCAL_CONTEXT, outdir=str(folder)).synth()
    return read(folder)


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """An environment `full` with every option."""
    from tests.support.everything import assembled

    return assembled(tmp_path_factory.mktemp("full"))
