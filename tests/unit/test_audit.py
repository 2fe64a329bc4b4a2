"""`./lake audit`: what is accepted, and what no longer is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli import venvs
from cli.verbs import audit
from local.errors import LakeError
from local.processes import Ended

ACCEPTED = {"CKV_1": {"AWS::SQS::Queue.Raw*": "a reason"}, "CKV_2": {"AWS::SNS::Topic.*": "another"}}


def finding(check: str, resource: str) -> audit.Finding:
    return audit.Finding(check, "a title", "devstorage", resource)


def test_a_finding_is_accepted_only_for_its_check_and_resource() -> None:
    assert audit.reason(finding("CKV_1", "AWS::SQS::Queue.Raw1A2B"), ACCEPTED) == "a reason"
    assert audit.reason(finding("CKV_2", "AWS::SQS::Queue.Raw1A2B"), ACCEPTED) is None
    assert audit.reason(finding("CKV_1", "AWS::SQS::Queue.Other"), ACCEPTED) is None


def test_an_acceptance_that_matches_nothing_is_named() -> None:
    assert audit.unused([finding("CKV_1", "AWS::SQS::Queue.RawX")], ACCEPTED) == ["CKV_2 AWS::SNS::Topic.*"]


def test_every_acceptance_names_a_resource_and_says_why() -> None:
    for check, places in json.loads(audit.ACCEPTED.read_text()).items():
        for place, why in places.items():
            assert place.rpartition(".")[2].strip("*?"), (check, place)
            assert len(why) > 20, (check, place)


def test_a_tool_is_installed_once_by_its_hashes_and_again_where_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes, called = [0, 1, 0, 0], list[list[str]]()

    def run(command: list[Any]) -> Ended:
        called.append([str(word) for word in command])
        if "venv" in command:  # has its python before it has its packages
            (command[-1] / "bin").mkdir(parents=True, exist_ok=True)
            (command[-1] / "bin" / "python").touch()
        return Ended(codes[len(called) - 1], "", "no network")

    monkeypatch.setattr(venvs, "HOME", tmp_path)
    monkeypatch.setattr(venvs, "run", run)
    with pytest.raises(
        LakeError, match=r"(?s)could not install audit, .* with a network; uv said:.no network"
    ):
        venvs.program("audit", "python")
    made = venvs.program("audit", "python")
    assert made.relative_to(tmp_path / "tools").parts[1:] == ("bin", "python")
    assert venvs.program("audit", "bandit") == made.with_name("bandit")
    assert len(called) == 4
    assert called[3][-3:] == ["--require-hashes", "-r", str(audit.ROOT / "cli" / "tools" / "audit.lock")]
