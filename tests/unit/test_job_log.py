"""What a job tells: one JSON object a line, with the run it is about."""

from __future__ import annotations

import json

import pytest

from glue_scripts.engine.run import log
from glue_scripts.engine.run.job import Job
from shared.contracts import contract
from tests.support.ingest_rig import NAMES


def test_a_line_names_its_run_domain_and_dataset_beside_its_own_fields(capsys: pytest.CaptureFixture[str]):
    job = Job(NAMES, contract("shop"), "r1")
    log.info(job, "100 % done", files=2)
    log.warning(job, "look at\nthis", dataset="events")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.pop("time")[-6:] for line in lines] == ["+00:00", "+00:00"]
    where = {"run_id": "r1", "domain": "shop"}
    assert lines == [
        {"level": "INFO", "message": "100 % done", **where, "files": 2},
        {"level": "WARNING", "message": "look at\nthis", **where, "dataset": "events"},
    ]
