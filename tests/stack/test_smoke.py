"""`./lake smoke` on the laptop: a project whose only domain is the one that smokes need."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pprint import pformat
from typing import Any

import boto3
import pytest

from local.settings import ACCOUNT, REGION, ROOT
from shared.names import DATA_ZONES, Names

NAMES = Names("dev", ACCOUNT, REGION)
STAYS = ("lock#", "places")  # of the ledger


class Project:
    """Its folder and its running lake."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "LAKE_PROJECT": str(folder)}

    def lake(self, *words: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "cli", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, (words, (done.stdout + done.stderr)[-3000:])
        return done.stdout + done.stderr

    def client(self, service: str) -> Any:
        port = json.loads((self.folder / ".lake/aws/process.json").read_text())["port"]
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "local", "region_name": REGION}
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", **keys)

    def left(self) -> list[str]:
        """What the lake still has of the domain: objects, tables, items of the ledger."""
        s3, glue, ledger = self.client("s3"), self.client("glue"), self.client("dynamodb")
        found = []
        for zone in DATA_ZONES:
            page = s3.list_object_versions(Bucket=NAMES.bucket(zone))
            found += [v["Key"] for v in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))]
        for zone in ("silver", "gold", "quarantine"):  # tables over files as they are come with the stacks
            database = NAMES.database("smoke", zone)
            found += [t["Name"] for t in glue.get_tables(DatabaseName=database)["TableList"]]
        items = ledger.scan(TableName=NAMES.ledger_table)["Items"]
        return found + [
            f"{i['pk']['S']}, {i['sk']['S']}" for i in items if not i["pk"]["S"].startswith(STAYS)
        ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    project = Project(tmp_path_factory.mktemp("company"))
    project.lake("new", "smoke", "--smoke")
    assert "smoke: 1 datasets, 2 tables: right" in project.lake("contract", "lint")
    project.lake("up")
    try:
        yield project
    finally:
        project.lake("up", "--stop")


def test_a_lake_that_works_is_proven_twice_and_nothing_is_left(project: Project, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    for _ in range(2):
        assert "dev works" in project.lake("smoke", "--json", str(report))
        assert json.loads(report.read_text()) == {"domain": "smoke", "differences": []}
        assert not (left := project.left()), pformat(left)


def test_a_table_that_is_not_what_it_must_be_is_told_and_nothing_is_left(project: Project) -> None:
    transforms = project.folder / "domains/smoke/transforms.py"
    right = transforms.read_text()
    transforms.write_text(right.replace('F.count("*")', 'F.count("amount")'))
    try:
        said = project.lake("smoke", code=1)
    finally:
        transforms.write_text(right)
    assert "by day[1]/readings: expected 2, found 1" in said
    assert not (left := project.left()), pformat(left)


def test_an_interruption_leaves_nothing_and_the_next_smoke_works(project: Project) -> None:
    command = [sys.executable, "-m", "cli", "smoke"]
    running = subprocess.Popen(
        command,
        cwd=ROOT,
        env=project.environment,
        stderr=subprocess.PIPE,
        text=True,
        # A shell lets what it starts in the background ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  no threads here
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "are dropped" in line:
            break
    while not project.client("s3").list_objects_v2(Bucket=NAMES.bucket("bronze")).get("Contents"):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    rest = running.communicate(timeout=120)[1]
    assert (running.returncode, "interrupted" in rest) == (130, True), rest
    assert not (left := project.left()), pformat(left)
    assert "dev works" in project.lake("smoke")
