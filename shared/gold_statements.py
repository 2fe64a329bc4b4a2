"""Where the SQL of gold tables is: `domains/<domain>/gold/<table>.sql`, with its tests beside it in
`<table>.test.yaml`.
"""

from __future__ import annotations

from pathlib import Path

from shared.project import domain_folder

FOLDER = "gold"
SUFFIX = ".sql"
TESTS = ".test.yaml"


def statement_files(domain: str) -> dict[str, Path]:
    """Table → file, by name, for the project on disk."""
    return {
        p.name.removesuffix(SUFFIX): p for p in sorted((domain_folder(domain) / FOLDER).glob(f"*{SUFFIX}"))
    }


def case_files(domain: str) -> dict[str, Path]:
    """Table → file with its tests."""
    return {p.name.removesuffix(TESTS): p for p in sorted((domain_folder(domain) / FOLDER).glob(f"*{TESTS}"))}


def packed_name(domain: str, table: str) -> str:
    """A statement's name in the jobs' library, and in messages."""
    return f"domains/{domain}/{FOLDER}/{table}{SUFFIX}"
