"""Brings the laptop's lakehouse up: jars, emulation, synthesis, deployment."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local import deploy, session, synth, toolchain
from local.aws import process
from local.console import say
from shared.project import project_folder

OLDEST_JAVA = 17


def provision(
    report: Callable[[str], None] = say, state: Path = session.STATE, *, warehouse: bool = False
) -> session.Session:
    """A session with a running, deployed emulation; quick when everything is there already."""
    env = session.laptop_environment(state)
    _keep_out_of_git(state)
    with ThreadPoolExecutor(3) as pool:
        jars = pool.submit(toolchain.jars)
        assembly = pool.submit(synth.local_assembly, env, warehouse=warehouse)
        emulation = pool.submit(process.start, state)
        target = session.laptop_session(emulation.result())
        jars.result()
        done = deploy.deploy_assembly(
            target, assembly.result(), state / "recorded.json", lambda name: report(f"  deployed {name}")
        )
    if done.recorded:
        report(f"  recorded only, nothing behaves behind them on the laptop: {', '.join(done.recorded)}")
    return target


def _keep_out_of_git(state: Path) -> None:
    """What the laptop keeps of a project is nothing to commit; the product's own folder says so already."""
    folder = state.parent
    if folder == project_folder() / ".lake" and not (folder / ".gitignore").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", "utf-8")


def check_java() -> str | None:
    """What to do about Java, or None when the one there is new enough."""
    java = shutil.which("java")
    if java is None:
        return (
            f"Java {OLDEST_JAVA} or newer is missing: `apt-get install openjdk-17-jre-headless`, or `brew"
            " install openjdk@17`"
        )
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = said.partition('"')[2].partition('"')[0].partition(".")[0]
    if version.isdigit() and int(version) >= OLDEST_JAVA:
        return None
    return f"Java {OLDEST_JAVA} or newer is needed, found: {said.splitlines()[0] if said else java}"
