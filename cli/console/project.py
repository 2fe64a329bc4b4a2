"""The project's files may change while a console runs: contracts, settings and code are read again then."""

from __future__ import annotations

from pathlib import Path

from cli.trial.watching import forget, stamps
from shared.contracts import domains
from shared.project import ENVIRONMENTS, domains_folder, project_folder
from stacks.config import environments

_last: dict[Path, tuple[int, int]] = {}


def reread_if_changed() -> None:
    """What is asked next is of the files as they are now."""
    now = stamps([domains_folder(), project_folder() / ENVIRONMENTS])
    if _last and now != _last:
        for domain in domains():
            forget(domain)
        environments.cache_clear()
    _last.clear()
    _last.update(now)
