"""The reports of a domain: Athena SQL beside its contract, `domains/<domain>/reports/<name>.sql`, one SELECT
a file.

Databases are written `silver`, `gold` and `quarantine`. The comment that a file begins with is the report's
description; a line of it may ask for a chart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from shared.names import Names
from shared.project import domains_folder, shown
from shared.report_chart import Chart, asks_for_chart, chart

_DATABASE = re.compile(r"\b(silver|gold|quarantine)\.(?=[a-z_])")


class ReportError(ValueError):
    """A report's file is not as it must be."""


@dataclass(frozen=True)
class Report:
    """A named query. `sql` says `silver.`, `gold.` or `quarantine.`; `qualified` says which databases these
    are.

    `first_line`: where the statement begins in its file. `chart`: how its rows are drawn, where it says so.
    """

    domain: str
    name: str
    description: str
    sql: str
    first_line: int = 1
    chart: Chart | None = None

    def qualified(self, names: Names) -> str:
        """The statement as it runs in an environment's Athena."""
        return _DATABASE.sub(lambda reference: f"{names.database(self.domain, reference[1])}.", self.sql)


def reports_of(domain: str, folder: Path | None = None) -> tuple[Report, ...]:
    """The reports of a domain by name; a domain without any has none.

    Raises ReportError for a file without a description, that is not UTF-8, or whose chart cannot be read.

    `folder`: the folder of domains, the project's unless given.
    """
    return tuple(report(domain, path) for path in report_files(domain, folder))


def report_files(domain: str, folder: Path | None = None) -> list[Path]:
    return sorted(((folder or domains_folder()) / domain / "reports").glob("*.sql"))


def report_names(domain: str) -> tuple[str, ...]:
    """The names of a domain's reports, whatever their files hold."""
    return tuple(path.stem for path in report_files(domain))


def report(domain: str, path: Path) -> Report:
    """Raises ReportError, as `reports_of` does."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ReportError(f"{shown(path)}: is not UTF-8 (byte {error.start}): save it as UTF-8") from error
    first = next((i for i, line in enumerate(lines) if not line.startswith("--")), len(lines))
    comments = [line for line in lines[:first] if not asks_for_chart(line)]
    description = " ".join(line.removeprefix("--").strip() for line in comments)
    if not description:
        raise ReportError(f"{shown(path)}: begin with a comment that says what the report tells")
    drawn = _chart(path, lines[:first])
    first = next((i for i, line in enumerate(lines[first:], first) if line.strip()), first)
    return Report(domain, path.stem, description, "\n".join(lines[first:]).strip(), first + 1, drawn)


def _chart(path: Path, comments: list[str]) -> Chart | None:
    asked = [(n, line) for n, line in enumerate(comments, 1) if asks_for_chart(line)]
    if len(asked) > 1:
        raise ReportError(f"{shown(path)}: asks for {len(asked)} charts, expected one at most")
    try:
        return next((chart(line, n) for n, line in asked), None)
    except ValueError as error:
        raise ReportError(f"{shown(path)}: {error}") from error
