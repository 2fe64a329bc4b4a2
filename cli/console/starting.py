"""A run that is started from any page, and its own page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cli import runs as domain_runs
from cli.console.lake import Lake
from cli.console.page import address
from cli.console.work import Work, carry_out_and_show
from cli.targets import check_domain

RUN_PATH = "/run"


def run_address(domain: str, run_id: str) -> str:
    return address(RUN_PATH, domain=domain, run=run_id)


async def start(lake: Lake, domain: str, request: Callable[[], dict[str, Any]]) -> None:
    """As `./lake run` and `./lake replay` do; the request is read when its turn comes."""

    def job(work: Work) -> str:
        asked = request()
        check_domain(domain, lake.env, demo=lake.demo)
        return run_address(domain, domain_runs.start(lake.current(work), domain, asked))

    await carry_out_and_show(lake, f"Starting a run of {domain}", job)
