"""`python -m local.aws.server --state DIR --port N`: ministack plus what it lacks, in the foreground."""

from __future__ import annotations

import argparse
import atexit
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from local.aws.environment import server_environment
from local.aws.process import UNSAVED, Emulation, note


def main(argv: Sequence[str]) -> None:
    """Serves until it is told to end; state is saved on SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m local.aws.server")
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args(argv)
    state = given.state.resolve()
    environment = server_environment(given.port, state, os.environ)
    os.environ.clear()
    os.environ.update(environment)
    _serve(state, given.port)


def _serve(state: Path, port: int) -> None:
    # ministack reads its environment when it is imported.
    from ministack import app

    from local.aws import (
        calls,
        catalog,
        cloudformation,
        functions,
        glue_runs,
        lake_formation,
        object_events,
        queries,
        redshift,
        redshift_requests,
        states,
    )

    cloudformation.install(state / "recorded.json")
    catalog.install()
    functions.install()
    lake_formation.install(state / "lf_tags.json")
    object_events.install()
    runs = glue_runs.install(state)
    calls.install()
    states.install(runs)
    redshift_requests.install(redshift.install(state / "warehouse"))
    atexit.register(runs.stop_all)
    emulation = Emulation(state, port, os.getpid())
    queries.install(emulation)
    note(emulation)  # the command that started it may be gone already
    unsaved = state / UNSAVED
    unsaved.touch()
    atexit.register(unsaved.unlink, missing_ok=True)  # a killed process leaves it
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    main(sys.argv[1:])
