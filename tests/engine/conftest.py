"""The engine's tests work on the tests' own shop unless they say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pyspark.sql import SparkSession

from tests.support.rig import Rig
from tests.support.spark import emulation, spark

__all__ = ["emulation", "rig", "settings", "spark"]

# Java that is generated and compiled for a plan pays with many rows only, and the tables here have few
# (measured on test_mistakes: 72 CPU s, 67 without whole stages, 56 without any; half the shuffle partitions
# less 5). Two partitions, not one, so that rows of one key may still be apart.
FOR_FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
}


@pytest.fixture(scope="session")
def rig(spark: SparkSession) -> Callable[..., Rig]:
    """A lake of its own for an environment's name."""
    return lambda env, domain="shop": Rig(spark, env, domain)


@pytest.fixture(scope="module", autouse=True)
def settings(spark: SparkSession) -> Iterator[None]:
    """Plans are interpreted. A module whose plans must be compiled, as in production, overrides this."""
    before = {name: spark.conf.get(name) for name in FOR_FEW_ROWS}
    for name, value in FOR_FEW_ROWS.items():
        spark.conf.set(name, value)
    yield
    for name, value in before.items():
        spark.conf.set(name, value)
