"""Whether Python has what a job needs, looked at before anything is read or written.

Glue brings packages in versions of its own, and AWS may change them. What a domain needs beyond them comes as
wheels (stacks/wheels.py). Standard library only: this runs before anything that may be missing is imported.
"""

from __future__ import annotations

import importlib
import re
from importlib import metadata

# From the version that Glue 6.0 brings (stacks/glue-6.0.txt) up to, without it, the next series of the one
# that the tests run with (requirements.txt).
WANTED = {
    "boto3": ("1.42.84", "2"),
    "pandas": ("2.3.3", "4"),  # Spark's mapInArrow and mapInPandas
    "pyarrow": ("23.0.1", "27"),
    "pyspark": ("4.1.1", "4.2"),
}
DIGITS = re.compile(r"\d+(?:\.\d+)*")


class PackageError(RuntimeError):
    """Python lacks a package that the job needs, or has it in a version that the job was not tried with."""


def check_glue() -> None:
    """Raises PackageError unless Glue's own packages are in versions that the jobs were tried with."""
    for name, (least, below) in WANTED.items():
        found = version(name)
        if found is None or not _numbers(least) <= _numbers(found) < _numbers(below):
            raise PackageError(
                f"the jobs need {name} from {least} and below {below}, and Python has"
                f" {found or 'none'}. Nothing was read or written. If Glue's image changed: name a version in"
                f" domains/<domain>/requirements.txt, such as {name}=={least}, run `./lake lock` and deploy:"
                " wheels come before what Glue brings."
            )


def check_own(pinned: str) -> None:
    """`pinned`: a domain's own packages, `name==version` by commas. Raises PackageError unless each is there
    in just that version.
    """
    for name, wanted in (pin.split("==") for pin in pinned.split(",") if pin):
        if (found := version(name)) != wanted:
            raise PackageError(
                f"the domain needs {name} {wanted}, and Python has {found or 'none'}. Nothing was read or"
                " written. On Glue the wheels of --additional-python-modules were not installed: pip says why"
                " at the start of the job's log; deploy again. On the laptop a verb that names the domain"
                " installs them, such as `./lake run <domain>`."
            )


def version(name: str) -> str | None:
    """The version of a distribution; None: Python does not find it.

    Glue's Spark brings pyspark as plain files.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
    try:
        return str(importlib.import_module(name).__version__)
    except (ImportError, AttributeError):
        return None


def _numbers(text: str) -> tuple[int, ...]:
    """`4.1.1-amzn-0` is compared as 4.1.1."""
    found = DIGITS.match(text)
    return tuple(map(int, found[0].split("."))) if found else ()
