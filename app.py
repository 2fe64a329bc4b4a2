"""The CDK app: `build` makes it, running this file synthesizes it (`cdk synth`, `-c env=dev` for one
environment).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import stacks.node  # noqa: F401 - first: chooses the Node that aws_cdk starts

# isort: split
import aws_cdk as cdk

from shared.contracts import ContractError, EvolutionError, contract, contracts
from shared.contracts.released import check_released
from shared.project import domains_folder
from shared.reports import ReportError
from stacks.alarms import check_promises
from stacks.base import Lake
from stacks.config import ConfigError, Settings, environments, settings
from stacks.gate import add_gate
from stacks.lake import LakeStage
from stacks.packaging import PackagingError

ROOT = Path(__file__).parent
BUILD_DIR = ROOT / ".lake" / "build"
WRONG = (ConfigError, ContractError, EvolutionError, PackagingError, ReportError)


def build(
    envs: list[str] | None = None, *, outdir: str | None = None, context: Mapping[str, str] | None = None
) -> cdk.App:
    """The app with some environments (None: the one of context `env`, or all).

    Context `local=true` is for the laptop: the account and region given in the context, and a Lambda archive
    without its packages. Context `gate=true` makes synthesis fail on any finding of the security rules.
    `first` names stacks, by comma, that were never complete (stacks/base.py). `warehouse` and `lineage` (a
    URL) override the environment's settings, so that the laptop can try them.
    Raises one of WRONG.
    """
    flags = json.loads((ROOT / "cdk.json").read_text("utf-8"))[
        "context"
    ]  # only the CDK CLI would load them for us
    app = cdk.App(outdir=outdir, context={**flags, **(context or {})}, analytics_reporting=False)
    chosen = app.node.try_get_context("env")
    envs = envs or ([chosen] if chosen else list(environments()))
    local = app.node.try_get_context("local") == "true"
    new = frozenset((app.node.try_get_context("first") or "").split(","))
    lakes = [_lake(_settings(app, env), dependencies=not local, new=new) for env in envs]
    check_released(contracts(), lakes[0].names.database)
    for lake in lakes:
        LakeStage(app, lake)
    if app.node.try_get_context("gate") == "true":
        add_gate(app, [lake.settings for lake in lakes])
    return app


def synthesize(
    envs: list[str] | None = None, *, outdir: str | None = None, context: Mapping[str, str] | None = None
) -> None:
    """Builds and writes the assembly; ends the process with the message alone when something of WRONG is
    wrong.
    """
    try:
        build(envs, outdir=outdir, context=context).synth()
    except WRONG as error:
        sys.exit(str(error))


def _lake(settings: Settings, *, dependencies: bool, new: frozenset[str]) -> Lake:
    """Raises ConfigError for a project without a domain, an environment of nothing, and for promises that its
    settings do not let it keep.
    """
    if not settings.chosen_domains:
        raise ConfigError(
            f"{domains_folder()} holds no domain, a folder with a contract.odcs.yaml; `./lake new NAME`"
            " writes one"
        )
    chosen = tuple(contract(domain) for domain in settings.chosen_domains)
    check_promises(settings, chosen)
    return Lake(settings, chosen, BUILD_DIR, dependencies=dependencies, new=new)


def _settings(app: cdk.App, env: str) -> Settings:
    """The environment's settings, with what the context says of account, region, warehouse and lineage."""
    pinned: dict[str, Any] = {
        name: value
        for name in ("account", "region", "warehouse")
        if (value := app.node.try_get_context(name))
    }
    if url := app.node.try_get_context("lineage"):
        pinned["lineage"] = {"url": url}
    if pinned.get("warehouse") == "false":  # what needs one goes with it
        pinned["interface_endpoints"] = ()
    return settings(env, **pinned)


if __name__ == "__main__":
    synthesize()
