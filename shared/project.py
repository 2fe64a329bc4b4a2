"""Where a project's own files are: `environments.toml` and `domains/`.

Without LAKE_PROJECT the product's own folder is the project, with the sample domains. A company keeps the two
in a folder of its own and says so (`./lake --project DIR …`), so that an upgrade of the product changes none
of its files.
"""

from __future__ import annotations

import os
from pathlib import Path

PRODUCT = Path(__file__).parents[1]
VARIABLE = "LAKE_PROJECT"
ENVIRONMENTS = "environments.toml"


def project_folder() -> Path:
    """The folder of the project, absolute."""
    chosen = os.environ.get(VARIABLE)
    return Path(chosen).resolve() if chosen else PRODUCT


def domains_folder() -> Path:
    """The folder in which each domain is a folder."""
    return project_folder() / "domains"


def domain_folder(domain: str) -> Path:
    return domains_folder() / domain


def shipped(domain: str) -> bool:
    """Whether a project apart names a domain like one that the product brings.

    Python could not tell their code from each other: both are `domains.<name>`.
    """
    return project_folder() != PRODUCT and (PRODUCT / "domains" / domain).exists()


def shown(path: Path) -> str:
    """A path as messages name it: below the project or the product where it is."""
    for root in (project_folder(), PRODUCT):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return str(path)
