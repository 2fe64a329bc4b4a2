"""From a lake after a trial to the report on it: the ledger, quarantine and the tables themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.catalog import Catalog

from cli.attention import row_help
from cli.trial.places import Reread
from cli.trial.placing import Placed, Unplaced
from cli.trial.report import DatasetFate, Fault, FileFate, Place, Report, TableView, warnings
from cli.trial.steps import RUN, Tried
from glue_scripts.engine.quarantine.row_rules import tests
from local.athena import catalog_of
from shared.contracts import Contract, Dataset, Table, folded
from shared.ledger.model import FileStatus, LedgerFile
from shared.reasons import FILE_HELP, FileReason

WHOLE = 200_000  # rows of a table that is looked at as a whole
FIRST = 3  # rows of a table, and places of a fault, that are shown
LOOKED_UP = 500  # quarantined records of a file whose places are searched


def findings(trial: Tried, unplaced: Sequence[Unplaced]) -> Report:
    """The report on a trial."""
    ledger = trial.lake.ledger
    held = ledger.files(trial.contract.domain)
    files = (*(_file_fate(f, trial.sources) for f in held), *map(_never_tried, unplaced))
    results = {r.dataset: r for r in ledger.runs(trial.contract.domain, RUN)}
    catalog = catalog_of(trial.lake)
    datasets = {
        name: _dataset_fate(trial, catalog, trial.contract.dataset(name), result, held)
        for name, result in sorted(results.items())
    }
    tables = {} if trial.failures.get("silver") else table_views(trial, catalog)
    return Report(
        trial.contract.domain,
        files,
        datasets,
        tables,
        _unknown(trial.contract, held),
        trial.failures,
        warnings(files, datasets, tables, computed=not trial.failures),
    )


def _file_fate(file: LedgerFile, sources: Mapping[str, Placed]) -> FileFate:
    path, chosen = _origin(file, sources)
    reason = file.reason or None
    advice = FILE_HELP[FileReason(reason)] if reason else None
    detail = file.detail
    if file.status is FileStatus.DUPLICATE and file.duplicate_of:
        first = sources.get(file.duplicate_of.rpartition("@")[0])
        detail = f"the same content as {first.source if first else file.duplicate_of}"
    left_out = file.profile.skipped if file.profile else 0
    records = file.records
    return FileFate(path, file.dataset, file.status.value, records, reason, detail, advice, chosen, left_out)


def _origin(file: LedgerFile, sources: Mapping[str, Placed]) -> tuple[str, str]:
    """What a file is called here, and how its dataset was found. A file inside another one, such as a member
    of an archive, is named behind it; one that is read for a second dataset is the same.
    """
    if (own := sources.get(file.key)) is not None:
        return str(own.source), own.why
    rest = file.key.split("/", 2)[2]
    for source in sources.values():
        outer = source.key.split("/", 2)[2]
        if rest == outer:
            return str(source.source), source.why
        if rest.startswith(f"{outer}/"):
            return f"{source.source}{rest.removeprefix(outer)}", source.why
    return file.key, ""


def _never_tried(file: Unplaced) -> FileFate:
    return FileFate(str(file.source), "", "not tried", detail=file.why)


def _dataset_fate(
    trial: Tried, catalog: Catalog, dataset: Dataset, result: Any, held: Iterable[LedgerFile]
) -> DatasetFate:
    bad = _quarantined_rows(trial, catalog, dataset) if result.rows.quarantined else []
    columns = Counter(c for row in bad for c in row["columns"] or ())
    return DatasetFate(
        result.rows,
        dict(sorted(result.reasons.items())),
        dict(sorted(columns.items())),
        _faults(trial, dataset, bad, held),
        result.gate,
        tuple(result.gate_findings),
    )


def _quarantined_rows(trial: Tried, catalog: Catalog, dataset: Dataset) -> list[dict[str, Any]]:
    """What quarantine holds of a dataset; of a contract that gathers rejects, other datasets' rows stand
    there too.
    """
    name = trial.job.quarantine_identifier(dataset.name).split(".", 1)[1]
    fields = ("reasons", "columns", "raw_record", "source_file")
    rows = catalog.load_table(name).scan(selected_fields=fields).to_arrow()
    own = pc.starts_with(rows["source_file"], f"{dataset.domain}/{dataset.name}/")
    found: list[dict[str, Any]] = rows.filter(own).to_pylist()
    return found


def _faults(
    trial: Tried, dataset: Dataset, bad: Sequence[Mapping[str, Any]], held: Iterable[LedgerFile]
) -> tuple[Fault, ...]:
    """Quarantined records by reason and columns, most frequent first."""
    about = defaultdict[str, set[str]](set)
    for _, reason, columns in tests(dataset):
        about[reason].update(columns)
    where = _places(trial, dataset, bad, held)
    groups = defaultdict[tuple[str, tuple[str, ...]], list[Place | None]](list)
    for row, place in zip(bad, where, strict=True):
        for reason in row["reasons"]:
            groups[reason, _at_fault(reason, row, about)].append(place)
    faults = [
        Fault(reason, columns, len(at), row_help(trial.contract, (reason,)), _first_of(at))
        for (reason, columns), at in groups.items()
    ]
    return tuple(sorted(faults, key=lambda f: (-f.rows, f.reason, f.columns)))


def _at_fault(reason: str, row: Mapping[str, Any], about: Mapping[str, set[str]]) -> tuple[str, ...]:
    """The columns of a row that a reason is about; of one that readers give, those that no other one has."""
    listed = row["columns"] or ()
    if reason in about:
        return tuple(c for c in listed if c in about[reason])
    others = {c for r in row["reasons"] if r in about for c in about[r]}
    return tuple(c for c in listed if c not in others)


def _first_of(places: Iterable[Place | None]) -> tuple[Place, ...]:
    return tuple(sorted(p for p in places if p is not None)[:FIRST])


def _places(
    trial: Tried, dataset: Dataset, bad: Sequence[Mapping[str, Any]], held: Iterable[LedgerFile]
) -> list[Place | None]:
    """Where each quarantined record stands, as far as it was found."""
    files = {f.key: f for f in held if f.status is FileStatus.ACCEPTED}
    by_file = defaultdict[str, list[int]](list)
    for i, row in enumerate(bad):
        by_file[row["source_file"]].append(i)
    at: list[Place | None] = [None] * len(bad)
    for key, indexes in by_file.items():
        file, chosen = files.get(key), indexes[:LOOKED_UP]
        if file is None or file.profile is None:
            continue
        raw = [bad[i]["raw_record"] for i in chosen]
        reread = Reread(_opener(trial, file), file.profile, dataset, trial.contract.null_spellings)
        found = reread.places(raw)
        name, _ = _origin(file, trial.sources)
        for number, i in zip(found.numbers, chosen, strict=True):
            at[i] = None if number is None else Place(name, number, found.unit)
    return at


def _opener(trial: Tried, file: LedgerFile) -> Callable[[], Any]:
    """Bronze has what silver read, also of a file inside another one."""
    s3 = trial.lake.client("s3")
    return lambda: s3.get_object(Bucket=file.target_bucket or "", Key=file.target_key or "")["Body"]


def _unknown(contract: Contract, held: Iterable[LedgerFile]) -> dict[str, dict[str, int]]:
    """By dataset, the columns that its contract has nothing to say of, and in how many files each is."""
    seen = defaultdict[str, Counter[str]](Counter)
    for file in held:
        if file.status is FileStatus.ACCEPTED and file.profile:
            dataset = contract.dataset(file.dataset)
            known = {*dataset.aliases, *map(folded, dataset.target.column_names)}
            seen[file.dataset].update(c for c in file.profile.columns if folded(c) not in known)
    return {name: dict(columns.most_common()) for name, columns in sorted(seen.items()) if columns}


def table_views(trial: Tried, catalog: Catalog) -> dict[str, TableView]:
    """Every table of the contract that is there."""
    gold = sorted(trial.contract.gold, key=lambda t: t.kind != "mart")  # what people ask for first
    names = {
        f"{t.zone}.{t.name}": (t, (trial.lake.names.database(trial.contract.domain, t.zone), t.name))
        for t in (*trial.contract.silver, *gold)
    }
    with ThreadPoolExecutor(4) as pool:
        views = pool.map(lambda found: _view(catalog, *found), names.values())
        found = {name: view for name, view in zip(names, views, strict=True) if view is not None}
    zone = {t.name: t.zone for t in trial.contract.tables}
    sources = {n: tuple(f"{zone[d.table]}.{d.table}" for d in t.depends_on) for n, (t, _) in names.items()}
    return {name: replace(view, sources=sources[name]) for name, view in found.items()}


def _view(catalog: Catalog, table: Table, name: tuple[str, str]) -> TableView | None:
    if not catalog.table_exists(name):
        return None
    stored = catalog.load_table(name)
    count = stored.scan().count()
    if count > WHOLE:
        return TableView(count, stored.scan(selected_fields=table.column_names, limit=FIRST).to_arrow())
    rows = stored.scan(selected_fields=table.column_names).to_arrow().select(table.column_names)
    empty = tuple(c for c in rows.column_names if count and rows[c].null_count == count)
    key = [c for c in table.primary_key if not pa.types.is_nested(rows.schema.field(c).type)]
    if key and count:
        rows = rows.sort_by([(c, "ascending") for c in key])
    return TableView(count, rows.slice(0, FIRST), empty)


def write_tables(trial: Tried, folder: Path) -> list[Path]:
    """Every table of the contract that is there, whole, as `<folder>/<zone>/<table>.parquet`."""
    catalog, written = catalog_of(trial.lake), []
    for table in trial.contract.tables:
        name = (trial.lake.names.database(trial.contract.domain, table.zone), table.name)
        if catalog.table_exists(name):
            target = folder / table.zone / f"{table.name}.parquet"
            target.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(catalog.load_table(name).scan().to_arrow(), target)
            written.append(target)
    return written
