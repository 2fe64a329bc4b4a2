"""SIGKILL of a job's process and its JVM in the middle of a merge, a fill and a commit of gold, and of an executor
in the middle of each: the next run leaves what an undisturbed one leaves.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyspark
import pytest

from local.settings import ROOT
from tests.engine.test_faults import PROMISE, Shop, check
from tests.support.figures import Noted
from tests.support.job_faults import Effects
from tests.support.rig import Rig

pytestmark = pytest.mark.slow
ENVIRONMENTS = itertools.count()
SECONDS = (0.05, 0.4, 1.2)  # of the effect: as it begins, in the middle, towards its end


@pytest.fixture
def shop(rig: Callable[[str], Rig]) -> Shop:
    made = Shop(rig(f"kills{next(ENVIRONMENTS)}"), Effects())
    made.batch()
    made.run("first")
    made.batch()
    return made


def process(shop: Shop, scratch: Path, run_id: str, *given: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a stage in a process of its own: stage, victim, effect, seconds, options."""
    stage, *rest = given
    # Executors have their folders in Spark's home, which is the package's own.
    home = scratch / "spark"
    home.mkdir()
    for entry in Path(pyspark.__file__).parent.iterdir():
        (home / entry.name).symlink_to(entry)
    return subprocess.run(
        [sys.executable, "-m", "tests.support.killed_job", shop.lake.names.env, stage, run_id, *rest],
        cwd=ROOT,
        env=os.environ | {"SCRATCH": str(scratch), "SPARK_HOME": str(home)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        timeout=200,
        check=False,
    )


WAYS = pytest.mark.parametrize(
    ("stage", "effect", "options"),
    [
        ("silver", "merge", {}),
        ("silver", "overwrite", {"full_refresh": True}),
        ("silver", "publish", {"full_refresh": True}),
        ("gold", "merge", {}),
    ],
    ids=["merge", "fill", "publication of a fill", "gold"],
)


@WAYS
@pytest.mark.parametrize("seconds", SECONDS)
def test_the_run_after_a_kill_makes_up_for_it(
    shop: Shop,
    stage: str,
    effect: str,
    options: dict[str, Any],
    seconds: float,
    tmp_path: Path,
    figures: Noted,
):
    if stage == "gold":
        shop.lake.bronze("second")
        shop.lake.silver("second")
    ended = process(shop, tmp_path, "second", stage, "job", effect, str(seconds), json.dumps(options))
    assert ended.returncode == -signal.SIGKILL, ended
    shop.run("next", **options)
    check(shop, f"killed {seconds} s after {effect}: {ended.stdout.decode()}", whole=True)
    figures.add(PROMISE, "SIGKILL of a job in the middle of an effect", 1)


@WAYS
def test_a_job_that_loses_an_executor_goes_on_and_counts_right(
    shop: Shop, stage: str, effect: str, options: dict[str, Any], tmp_path: Path, figures: Noted
):
    shop.lake.bronze("second")
    if stage == "gold":
        shop.lake.silver("second")
    ended = process(shop, tmp_path, "second", stage, "executor", effect, "0.3", json.dumps(options))
    assert ended.returncode == 0, ended
    assert "killed an executor" in ended.stdout.decode()
    if stage == "silver":
        shop.lake.gold(shop.lake.job("second", **options))
    check(shop, f"an executor was killed in {effect}", whole=bool(options))
    figures.add(PROMISE, "SIGKILL of an executor in the middle of an effect", 1)
