"""A new domain's folder in working form, made from templates."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from local.errors import LakeError
from shared.project import ENVIRONMENTS, PRODUCT, domain_folder, project_folder, shipped, shown
from shared.zones import ARCHIVE

TEMPLATES = Path(__file__).parent / "templates" / "domain"
SMOKE = TEMPLATES.with_name("smoke")  # of a domain that proves environments
NAME = re.compile(r"[a-z][a-z0-9_]{0,24}")
RESERVED = {"samples", "oracle", ARCHIVE}  # modules beside the domains, and a folder beside their files


class ScaffoldError(LakeError):
    """The domain cannot be made."""


def checked_folder(domain: str) -> Path:
    """Where a new domain is written. Raises ScaffoldError for a name that cannot be one, or is taken."""
    folder = domain_folder(domain)
    if not NAME.fullmatch(domain) or domain in RESERVED:
        raise ScaffoldError(
            f"{domain!r} cannot name a domain: expected lower case letters, digits and _, at most 25, "
            f"beginning with a letter, and not {' or '.join(sorted(RESERVED))}",
            "choose another name",
        )
    if shipped(domain):
        raise ScaffoldError(f"the product brings a domain {domain}", "choose another name")
    if folder.exists():
        raise ScaffoldError(
            f"{shown(folder)} is there already; nothing was written",
            "choose another name, or change what is there",
        )
    return folder


def in_commands(folder: Path) -> str:
    """A domain's folder as commands name it: `./lake` works in the product's folder, so a path of another
    project is said whole.
    """
    return shown(folder) if project_folder() == PRODUCT else str(folder)


def write_environments() -> None:
    """Gives a project that has no environments the laptop's."""
    path = project_folder() / ENVIRONMENTS
    if not path.exists():
        text = "[dev]  # the laptop's, too; docs/reference/environments.md lists the settings\n"
        path.write_text(text, "utf-8")


def write_domain(domain: str, templates: Path = TEMPLATES) -> Path:
    """Writes the folder and returns it. Raises ScaffoldError as above."""
    folder = checked_folder(domain)
    shutil.copytree(templates, folder, ignore=shutil.ignore_patterns("__pycache__"))
    seen = in_commands(folder)
    for file in (p for p in folder.rglob("*") if p.is_file()):
        text = file.read_text("utf-8").replace("DOMAIN_FOLDER", seen).replace("DOMAIN", domain)
        file.write_text(text, "utf-8")
        file.rename(file.with_name(file.name.replace("DOMAIN", domain)))
    write_environments()
    return folder
