"""Fixtures: one emulation and one Spark session for all tests that need the real engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from pyspark.sql import SparkSession

from glue_scripts.engine.run.session import SETTINGS
from local import toolchain
from local.aws import process
from local.aws.environment import client_environment
from local.settings import ROOT
from local.spark import FOR_FEW_ROWS, environment, jvm_settings, settings
from tests.support.rig import Rig


@pytest.fixture(scope="session")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Emulation]:
    state = tmp_path_factory.mktemp("engine") / "aws"
    yield process.start(state)
    process.stop(state)


@pytest.fixture(scope="session")
def spark(emulation: process.Emulation) -> Iterator[SparkSession]:
    toolchain.jars()
    conf = jvm_settings() | settings(emulation.endpoint, {}, emulation.state.parent / "scratch")
    before = dict(os.environ)
    os.environ.update(client_environment(emulation.endpoint) | environment() | {"PYTHONPATH": str(ROOT)})
    session = SparkSession.builder.appName("tests").config(map=conf).getOrCreate()
    for key, value in SETTINGS.items():
        session.conf.set(key, value)
    yield session
    session.stop()
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def rig(spark: SparkSession) -> Callable[..., Rig]:
    """A lake of its own for an environment's name and a domain."""
    return lambda env, domain: Rig(spark, env, domain)


@contextmanager
def interpreted(spark: SparkSession) -> Iterator[None]:
    """Plans inside the block are interpreted, for tests of few rows."""
    before = {name: spark.conf.get(name) for name in FOR_FEW_ROWS}
    for name, value in FOR_FEW_ROWS.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            spark.conf.set(name, value)
