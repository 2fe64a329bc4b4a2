"""Cloud assemblies: `app.py` synthesized offline; the laptop's is kept in `.lake/cdk` under the hash of
everything it is made from.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from local.errors import LakeError
from local.processes import run
from local.settings import ACCOUNT, HOME, REGION, ROOT
from shared.project import ENVIRONMENTS, project_folder

INPUTS = ("app.py", "cdk.json", "requirements.txt", "stacks", "shared", "lambdas", "glue_scripts")
PROJECT_INPUTS = (ENVIRONMENTS, "domains")
LONGEST_MESSAGE = 20_000
UNUSED_SECONDS = 3600  # a deployment reads its assembly within minutes
LOCAL_CONTEXT = {"local": "true", "account": ACCOUNT, "region": REGION}
# In a process of its own: the CDK keeps a Node process, and its validator must be told by the environment.
_SYNTH = """
import json, sys
import stacks.node
import app
envs, outdir, context = json.loads(sys.argv[1])
app.synthesize(envs, outdir=outdir, context=context)
"""


class SynthError(LakeError):
    """app.py did not synthesize."""


def local_assembly(env: str, *, warehouse: bool = False, lineage: str | None = None) -> Path:
    """The assembly of the environment that the laptop stands for, synthesized unless its inputs are those of
    last time. `lineage`: the receiver's URL, where it is another than the environment's.

    Processes side by side keep each other's.
    """
    assemblies = HOME / "cdk"
    options = ["warehouse"] if warehouse else []
    options += [hashlib.sha256(lineage.encode()).hexdigest()[:8]] if lineage else []
    target = assemblies / "-".join([inputs_hash(ROOT, project_folder())[:16], env, *options])
    if not _in_use(target):
        assemblies.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=assemblies) as scratch:
            context = {**LOCAL_CONTEXT, "warehouse": str(warehouse).lower()}
            context |= {"lineage": lineage} if lineage else {}
            staged = synthesize([env], Path(scratch) / "assembly", context)
            try:
                staged.rename(target)
            except OSError:
                if not _in_use(target):  # else another process was quicker, with the same
                    raise
        _remove_unused(assemblies)
    return target


def _in_use(assembly: Path) -> bool:
    """Whether it is there; tells who looks for old ones that it is used."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(assembly)
        return True
    return False


def _remove_unused(assemblies: Path) -> None:
    for old in assemblies.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            if time.time() - old.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(old)


def synthesize(envs: Sequence[str] | None, out: Path, context: dict[str, str] | None = None) -> Path:
    """Writes the assembly of some environments (None: all) to `out`.

    Raises SynthError with what app.py said.
    """
    out.mkdir(parents=True, exist_ok=True)
    arguments = json.dumps([list(envs) if envs else None, str(out.resolve()), context])
    environment = {
        **os.environ,
        "CDK_VALIDATION": "false",
        "PYTHONPATH": str(ROOT),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    command = [sys.executable, "-c", _SYNTH, arguments]
    done = run(command, cwd=ROOT, env=environment)
    if done.code:
        raise SynthError(
            f"app.py did not synthesize:\n{done.words(LONGEST_MESSAGE)}",
            "mend what it names in stacks/ or environments.toml, then ./lake synth",
        )
    return out


def inputs_hash(product: Path, own: Path) -> str:
    """Hash of names and contents of all inputs, the product's and the project's; compiled Python does not
    count.
    """
    total = hashlib.sha256()
    for root, names in ((product, INPUTS), (own, PROJECT_INPUTS)):
        for path in (p for name in names for p in _files(root / name)):
            total.update(
                path.relative_to(root).as_posix().encode()
                + b"\0"
                + hashlib.sha256(path.read_bytes()).digest()
            )
    return total.hexdigest()


def _files(path: Path) -> list[Path]:
    """The file itself, or all files of a folder, sorted."""
    if path.is_file():
        return [path]
    return sorted(p for p in path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
