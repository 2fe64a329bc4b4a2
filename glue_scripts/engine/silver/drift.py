"""Columns that no contract knows, as a run saw them, joined with what earlier runs saw."""

from __future__ import annotations

from collections.abc import Sequence

from glue_scripts.engine.read.bronze_files import BronzeFile
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.batch import Loaded, unknown_names
from shared.contracts import Dataset
from shared.ledger.observed import Observed
from shared.unknown_columns import UnknownColumns, observed_column
from shared.usual.days import ingestion_day


def note_unknown_columns(
    job: Job, clients: Aws, dataset: Dataset, files: Sequence[BronzeFile], loaded: Loaded
) -> UnknownColumns:
    """Brings the ledger's report of the dataset up to date, and returns it."""
    observed = clients.ledger.observed(job.domain).get(dataset.name, Observed())
    newest = max(ingestion_day(f.entry) for f in files).isoformat()
    report = observed.unknown.still_unknown(dataset).merged(_seen(dataset, files, loaded), newest)
    if report != observed.unknown:
        clients.ledger.note_unknown_columns(job.domain, dataset.name, report)
    return report


def _seen(dataset: Dataset, files: Sequence[BronzeFile], loaded: Loaded) -> UnknownColumns:
    good = loaded.rows.read - loaded.rows.quarantined
    days: dict[str, set[str]] = {}
    for file in files:
        for name in loaded.unknown.keys() & set(file.profile.columns):
            days.setdefault(name, set()).add(ingestion_day(file.entry).isoformat())
    _, more = unknown_names(dataset, files)
    columns = (
        observed_column(name, days[name], rows, good, mask)
        for name, (rows, mask) in loaded.unknown.items()
        if rows and name in days
    )
    return UnknownColumns(tuple(columns), more)
