"""What was released of every domain, as committed JSON: synthesis cannot look at an account, and must know
what stands there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.contracts.errors import EvolutionError
from shared.contracts.evolution import Break, Shape, breaks, shape, table_removed
from shared.contracts.model import Contract
from shared.project import domains_folder, shown

RECORD = "released.json"
# type, maxLength, how silver protects it, whether it is required
COLUMN = re.compile(r"(.+?)(?:, at most (\d+))?(?:, protect (\w+))?(, required)?")
HOW = """To keep the tables as they are, take the change back. Otherwise accept the change with
`./lake contract release DOMAIN`, commit the record, deploy, and let `./lake migrate DOMAIN --env NAME` do
what the statements say in every environment (the databases shown are those of one).
docs/howto/evolve-a-table.md says more."""
Database = Callable[[str, str], str]  # domain, zone → name of the Glue database


def check_released(contracts: Iterable[Contract], database: Database, folder: Path | None = None) -> None:
    """Raises one EvolutionError with every change of a released table that no run makes by itself.

    A domain or table without a record was never released and may change freely. `database` gives the names
    for the statements.
    `folder`: the folder of domains, the project's unless given.
    """
    wanted = {c.domain: shapes(c) for c in contracts}
    found = [
        _described(domain, table, problem)
        for domain in released_domains(folder)
        for table, problem in _problems(domain, released(domain, folder), wanted.get(domain, {}), database)
    ]
    if found:
        raise EvolutionError(
            "\n\n".join([f"{len(found)} change(s) of released tables need a migration first:", *found, HOW])
        )


def _problems(
    domain: str, old: Mapping[str, Shape], new: Mapping[str, Shape], database: Database
) -> Iterable[tuple[str, Break]]:
    for name, before in old.items():
        zone, _, table = name.partition(".")
        place = f"{database(domain, zone)}.{table}"
        for problem in breaks(domain, place, before, new[name]) if name in new else [table_removed(place)]:
            yield name, problem


def _described(domain: str, table: str, problem: Break) -> str:
    place = f"{shown(domains_folder() / domain / 'contract.odcs.yaml')}: {table}" + (
        f".{problem.column}" if problem.column else ""
    )
    return "\n".join([f"{place}: {problem.what}", *(f"    {step}" for step in problem.migration)])


def shapes(contract: Contract) -> dict[str, Shape]:
    """`zone.table` → shape."""
    return {f"{t.zone}.{t.name}": shape(t) for t in contract.tables}


def released_domains(folder: Path | None = None) -> list[str]:
    return sorted(p.parent.name for p in (folder or domains_folder()).glob(f"*/{RECORD}"))


def released(domain: str, folder: Path | None = None) -> dict[str, Shape]:
    """The tables as they were released last; none for a domain that never was."""
    path = _record(domain, folder)
    return {n: _parsed(t) for n, t in json.loads(path.read_text("utf-8")).items()} if path.exists() else {}


def record(contract: Contract, folder: Path | None = None) -> Path:
    """Makes the contract's tables the released ones."""
    path = _record(contract.domain, folder)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(
        json.dumps({n: _written(s) for n, s in shapes(contract).items()}, indent=1) + "\n", "utf-8"
    )
    return path


def forget(domain: str, folder: Path | None = None) -> Path:
    """Removes the record of a domain whose tables were dropped."""
    path = _record(domain, folder)
    path.unlink(missing_ok=True)
    return path


def _record(domain: str, folder: Path | None) -> Path:
    return (folder or domains_folder()) / domain / RECORD


def _written(table: Shape) -> dict[str, Any]:
    lengths = {n: f", at most {most}" for n, most in table.lengths.items()}
    ways = {n: f", protect {way}" for n, way in table.protected.items()}
    required = dict.fromkeys(table.required, ", required")
    said = (lengths, ways, required)
    columns = {n: "".join([t, *(each.get(n, "") for each in said)]) for n, t in table.columns.items()}
    return {
        "kind": table.kind,
        "columns": columns,
        "primary_key": list(table.primary_key),
        "partitioned_by": list(table.partitioned_by),
    }


def _parsed(table: Mapping[str, Any]) -> Shape:
    read = {n: COLUMN.fullmatch(t) for n, t in table["columns"].items()}
    found = {n: match.groups() for n, match in read.items() if match}
    return Shape(
        table["kind"],
        {n: kind for n, (kind, _, _, _) in found.items()},
        frozenset(n for n, (_, _, _, required) in found.items() if required),
        tuple(table["primary_key"]),
        tuple(table["partitioned_by"]),
        {n: int(most) for n, (_, most, _, _) in found.items() if most},
        {n: way for n, (_, _, way, _) in found.items() if way},
    )
