"""Cloud assemblies: what is in them and in which order it is deployed."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from local.assembly import AssemblyError, StackArtifact, ordered, stacks
from local.deploy import zipped


def stack(id: str, *after: str) -> StackArtifact:
    return StackArtifact(id, id, Path(), "s3://b/k", frozenset(after), ())


def test_every_stack_comes_after_those_it_needs() -> None:
    found = ordered([stack("c", "b", "a"), stack("b", "a"), stack("a"), stack("d", "not in this assembly")])
    ids = [s.id for s in found]
    assert ids.index("a") < ids.index("b") < ids.index("c")
    assert sorted(ids) == ["a", "b", "c", "d"]


def test_a_circle_is_named() -> None:
    with pytest.raises(AssemblyError, match="circle"):
        ordered([stack("a", "b"), stack("b", "a")])


def test_stacks_of_a_stage_are_found_with_their_assets(tmp_path: Path) -> None:
    inner = tmp_path / "assembly-dev"
    inner.mkdir()
    manifest = {
        "artifacts": {
            "assembly-dev": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-dev"}}
        }
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    properties = {
        "templateFile": "s.template.json",
        "stackName": "lake-dev-s",
        "stackTemplateAssetObjectUrl": "s3://assets/t.json",
    }
    artifacts = {
        "s": {"type": "aws:cloudformation:stack", "properties": properties, "dependencies": ["s.assets"]},
        "s.assets": {"type": "cdk:asset-manifest", "properties": {"file": "s.assets.json"}},
    }
    (inner / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    destination = {"bucketName": "assets", "objectKey": "abc.zip"}
    entry = {"source": {"path": "../asset.abc", "packaging": "zip"}, "destinations": {"x": destination}}
    (inner / "s.assets.json").write_text(json.dumps({"files": {"abc": entry}}))
    (found,) = stacks(tmp_path)
    assert (found.name, found.template_url) == ("lake-dev-s", "s3://assets/t.json")
    assert [(a.bucket, a.key, a.zipped) for a in found.assets] == [("assets", "abc.zip", True)]


def test_a_folder_is_zipped_with_relative_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.py").write_text("x")
    assert zipfile.ZipFile(BytesIO(zipped(tmp_path))).namelist() == ["a/b.py"]
