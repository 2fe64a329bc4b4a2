"""The engine's tests work on the tests' own shop unless they say otherwise."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pyspark.sql import SparkSession

from tests.support.rig import Rig
from tests.support.spark import emulation, spark

__all__ = ["emulation", "rig", "spark"]


@pytest.fixture(scope="session")
def rig(spark: SparkSession) -> Callable[..., Rig]:
    """A lake of its own for an environment's name."""
    return lambda env, domain="shop": Rig(spark, env, domain)
