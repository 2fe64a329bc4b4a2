"""What breaks in the field, one domain a group: `tests/field/domains/<group>/` is a project of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pyspark.sql import SparkSession

from tests.support.rig import Rig
from tests.support.spark import emulation, interpreted, spark

__all__ = ["emulation", "lake", "settings", "spark"]


@pytest.fixture(scope="session")
def lake(spark: SparkSession) -> Callable[..., Rig]:
    """A lake of its own for a domain of this folder; a second one of a domain needs a name."""
    return lambda domain, env=None: Rig(spark, env or f"field-{domain}", domain)


@pytest.fixture(scope="module", autouse=True)
def settings(spark: SparkSession) -> Iterator[None]:
    """Plans are interpreted: the tables here have few rows."""
    with interpreted(spark):
        yield
