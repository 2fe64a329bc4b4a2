"""Which tables maintenance looks after; what it does to them is in tests/engine."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from glue_scripts.engine.run.job import parsed_job
from glue_scripts.maintenance import tables


def test_a_table_that_datasets_share_has_one_turn() -> None:
    """The rejected rows of all logs stand in one table: two compactions of it at once would be in each
    other's way.
    """
    arguments = {
        "domain": "web",
        "prefix": "lakehouse",
        "env": "dev",
        "account": "123456789012",
        "region": "us-east-1",
        "run_id": "m",
    }
    run = parsed_job([word for name, value in arguments.items() for word in (f"--{name}", value)])
    spark: Any = SimpleNamespace(catalog=SimpleNamespace(tableExists=lambda _: True))
    found = [identifier for identifier, _ in tables(spark, run)]
    assert [i for i in found if "quarantine" in i] == [
        "glue_catalog.lakehouse_dev_web_quarantine.data_quality"
    ]
    assert len(found) == len(set(found))
