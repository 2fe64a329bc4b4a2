"""The engine's tests work on the tests' own shop unless they say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pyspark.sql import SparkSession

from tests.support.rig import Rig
from tests.support.spark import emulation, interpreted, spark

__all__ = ["emulation", "rig", "settings", "spark"]


@pytest.fixture(scope="session")
def rig(spark: SparkSession) -> Callable[..., Rig]:
    """A lake of its own for an environment's name."""
    return lambda env, domain="shop": Rig(spark, env, domain)


@pytest.fixture(scope="module", autouse=True)
def settings(spark: SparkSession) -> Iterator[None]:
    """Plans are interpreted. A module whose plans must be compiled, as in production, overrides this."""
    with interpreted(spark):
        yield
