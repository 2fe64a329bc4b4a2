"""Brings the laptop's lakehouse up: jars, emulation, synthesis, deployment."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local import deploy, session, synth, toolchain
from local.aws import process
from local.console import say
from local.errors import LakeError
from local.settings import ROOT
from shared.contracts import contracts
from shared.project import project_folder

OLDEST_JAVA = 17
DEPLOYED = "deployed.json"  # file of a state folder: what the lake in it was made from


def provision(
    report: Callable[[str], None] = say,
    state: Path = session.STATE,
    *,
    warehouse: bool = False,
    lineage: str | None = None,
) -> session.Session:
    """A session with a running, deployed emulation; quick when everything is there already."""
    env, inputs = session.laptop_environment(state), inputs_of(warehouse=warehouse, lineage=lineage)
    _keep_out_of_git(state)
    with ThreadPoolExecutor(3) as pool:
        jars = pool.submit(toolchain.jars)
        assembly = pool.submit(synth.local_assembly, env, warehouse=warehouse, lineage=lineage)
        emulation = pool.submit(process.start, state)
        target = session.laptop_session(emulation.result())
        jars.result()
        done = deploy.deploy_assembly(
            target, assembly.result(), state / "recorded.json", lambda name: report(f"  deployed {name}")
        )
    note_deployed(state, inputs)
    if done.recorded:
        report(f"  recorded only, nothing behaves behind them on the laptop: {', '.join(done.recorded)}")
    return target


def refreshed(target: session.Session, report: Callable[[str], None] = say) -> session.Session:
    """The running lake with the contracts, settings and code that are on disk now: deployed anew where they
    are others than those of last time. Raises ContractError before anything is deployed.
    """
    state = target.state or session.STATE
    if is_current(state):
        return target
    contracts()
    report("contracts, settings or code are newer than this laptop's lake: deploying them …")
    return provision(lambda _: None, state, **_options(_deployed(state)))


def note_deployed(state: Path, inputs: dict[str, object]) -> None:
    """Leaves with a lake what it was made from."""
    (state / DEPLOYED).write_text(json.dumps(inputs), "utf-8")


def is_current(state: Path) -> bool:
    """Whether the lake of a state folder was made from what is on disk now."""
    deployed = _deployed(state)
    return deployed == inputs_of(**_options(deployed))


def _options(deployed: dict[str, Any]) -> dict[str, Any]:
    """With which a lake was brought up."""
    return {"warehouse": bool(deployed.get("warehouse")), "lineage": deployed.get("lineage")}


def _deployed(state: Path) -> dict[str, Any]:
    file = state / DEPLOYED
    known: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return known


def inputs_of(*, warehouse: bool, lineage: str | None = None) -> dict[str, object]:
    """What a lake is made from."""
    inputs = synth.inputs_hash(ROOT, project_folder())
    return {"hash": inputs, "warehouse": warehouse, "lineage": lineage}


def _keep_out_of_git(state: Path) -> None:
    """What the laptop keeps of a project is nothing to commit; the product's own folder says so already."""
    folder = project_folder() / ".lake"
    if state.is_relative_to(folder) and not (folder / ".gitignore").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", "utf-8")


def require_java() -> None:
    """Raises LakeError where Java is missing or too old."""
    install = (
        f"install Java {OLDEST_JAVA}: apt-get install openjdk-17-jre-headless, or brew install openjdk@17"
    )
    java = shutil.which("java")
    if java is None:
        raise LakeError(f"Java {OLDEST_JAVA} or newer is missing", install)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = said.partition('"')[2].partition('"')[0].partition(".")[0]
    if not (version.isdigit() and int(version) >= OLDEST_JAVA):
        found = said.splitlines()[0] if said else java
        raise LakeError(f"Java {OLDEST_JAVA} or newer is needed, found: {found}", install)
