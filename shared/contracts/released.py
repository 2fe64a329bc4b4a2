"""What was released of every domain, as committed JSON: synthesis cannot look at an account, and must know what stands there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from shared.contracts.errors import EvolutionError
from shared.contracts.evolution import Break, Shape, breaks, shape, table_removed
from shared.contracts.model import Contract

FOLDER = Path(__file__).parent / "released"
HOW = """To keep the tables as they are, take the change back. Otherwise pause the domain's schedule, run the statements in every
environment (the databases shown are those of one), accept the change with `./lake contract release DOMAIN`, commit the
record and deploy. docs/contracts.md, section Evolution, says more."""
Database = Callable[[str, str], str]  # domain, zone → name of the Glue database


def check_released(contracts: Iterable[Contract], database: Database, folder: Path = FOLDER) -> None:
    """Raises one EvolutionError with every change of a released table that no run makes by itself.

    A domain or table without a record was never released and may change freely. `database` gives the names for the statements.
    """
    wanted = {c.domain: shapes(c) for c in contracts}
    found = [
        _told(domain, table, problem)
        for domain in released_domains(folder)
        for table, problem in _problems(domain, released(domain, folder), wanted.get(domain, {}), database)
    ]
    if found:
        raise EvolutionError("\n\n".join([f"{len(found)} change(s) of released tables need a migration first:", *found, HOW]))


def _problems(domain: str, old: Mapping[str, Shape], new: Mapping[str, Shape], database: Database) -> Iterable[tuple[str, Break]]:
    for name, before in old.items():
        zone, _, table = name.partition(".")
        place = f"{database(domain, zone)}.{table}"
        for problem in breaks(domain, place, before, new[name]) if name in new else [table_removed(place)]:
            yield name, problem


def _told(domain: str, table: str, problem: Break) -> str:
    place = f"shared/contracts/{domain}.odcs.yaml: {table}" + (f".{problem.column}" if problem.column else "")
    return "\n".join([f"{place}: {problem.what}", *(f"    {step}" for step in problem.migration)])


def shapes(contract: Contract) -> dict[str, Shape]:
    """`zone.table` → shape."""
    return {f"{t.zone}.{t.name}": shape(t) for t in contract.tables}


def released_domains(folder: Path = FOLDER) -> list[str]:
    return sorted(p.stem for p in folder.glob("*.json"))


def released(domain: str, folder: Path = FOLDER) -> dict[str, Shape]:
    """The tables as they were released last; none for a domain that never was."""
    path = folder / f"{domain}.json"
    return {n: _parsed(t) for n, t in json.loads(path.read_text("utf-8")).items()} if path.exists() else {}


def record(contract: Contract, folder: Path = FOLDER) -> Path:
    """Makes the contract's tables the released ones."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{contract.domain}.json"
    path.write_text(json.dumps({n: _written(s) for n, s in shapes(contract).items()}, indent=1) + "\n", "utf-8")
    return path


def forget(domain: str, folder: Path = FOLDER) -> Path:
    """Removes the record of a domain whose tables were dropped."""
    path = folder / f"{domain}.json"
    path.unlink(missing_ok=True)
    return path


def _written(table: Shape) -> dict[str, Any]:
    columns = {n: f"{t}, required" if n in table.required else t for n, t in table.columns.items()}
    return {"kind": table.kind, "columns": columns, "primary_key": list(table.primary_key), "partitioned_by": list(table.partitioned_by)}


def _parsed(table: Mapping[str, Any]) -> Shape:
    columns = {n: t.removesuffix(", required") for n, t in table["columns"].items()}
    required = frozenset(n for n, t in table["columns"].items() if t != columns[n])
    return Shape(table["kind"], columns, required, tuple(table["primary_key"]), tuple(table["partitioned_by"]))
