"""What a dataset's records become: its lineage by the contract, which is what a load executes, and figures.

The plan that Spark runs would tell less: it reads texts under any name that a producer uses, through a map.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyspark.sql import SparkSession

from glue_scripts.engine.lineage.catalyst import OTHER_SPARK, each
from glue_scripts.engine.lineage.recorder import Made
from glue_scripts.engine.run.job import Job
from shared.contracts import Column, Dataset
from shared.contracts.protection import protected
from shared.ledger.model import LedgerFile, RowCounts
from shared.lineage import JSON, Lineage, Source, Use, facet, folder, stored
from shared.lineage import columns as words
from shared.lineage.columns import Uses
from shared.lineage.facets import balance
from shared.quarantine import rows_table

DAY = "event_date"
NAMED = ("UnresolvedAttribute", "UnresolvedNamedLambdaVariable")
BRONZE = ""  # the one dataset that a load reads


def load_lineage(spark: SparkSession, dataset: Dataset) -> Lineage:
    """Columns that are read from the key of an object or computed from no column have no source."""
    table, known = dataset.target, dict[str, Uses]()
    for name in dataset.constants:
        known[name] = frozenset()
    for column in map(table.column, dataset.sent):
        use = Use(Source(BRONZE, _place(column)), words.DIRECT, words.TRANSFORMATION)
        known[column.name] = frozenset({use})
    if table.event_date_column in known and DAY not in known:
        known[DAY] = known[table.event_date_column]
    for column in table.columns:  # one after the other: each may rest on those above it
        if column.derived and column.name not in known:
            read = [n for n in _names(spark, column.derived) if n in table.column_names]
            if read and all(n in known for n in read):
                known[column.name] = frozenset().union(*(known[n] for n in read))
    chosen = (*table.primary_key, *table.order) if table.kind == "keyed" else ()
    decided = {use.behind(words.WINDOW) for n in chosen for use in known.get(n, ())}
    ways = protected(table)  # what is derived was derived before
    fields = {n: _kept(known[n], ways.get(n)) for n in table.column_names if n in known}
    return Lineage(fields, frozenset(decided))


def _kept(uses: Uses, way: str | None) -> Uses:
    """Of a value as silver holds it: nothing of one that is not kept."""
    match way:
        case None:
            return uses
        case "hash":
            return frozenset(use._replace(masking=True) for use in uses)
    return frozenset()


def bronze(job: Job, dataset: Dataset) -> JSON:
    """The files of a dataset: the folder of all of them, as single files come and go."""
    name = dataset.files_of or dataset.name
    fields = [{"name": _place(c)} for c in map(dataset.target.column, dataset.sent)]
    found = folder(job.names.bucket("bronze"), f"{dataset.domain}/{name}")
    return {**found, "facets": facet("schema", fields=fields)}


def received(spark: SparkSession, job: Job, dataset: Dataset) -> Made:
    """Before the load."""
    source = bronze(job, dataset)
    place = {name: source[name] for name in ("namespace", "name")}
    content = load_lineage(spark, dataset).content(lambda _: place)
    return Made((source,), facet("columnLineage", **content) if content else {})


def accounted(
    made: Made,
    job: Job,
    dataset: Dataset,
    files: Sequence[LedgerFile],
    rows: RowCounts,
    nulls: Mapping[str, int],
    reasons: Mapping[str, int],
) -> Made:
    """After it: what became of its records."""
    [source] = made.inputs
    checked = {**source, "inputFacets": quality(rows, nulls, reasons, files)}
    return replace(
        made,
        inputs=(checked,),
        run=balance(rows, len(files)),
        others=quarantined(job, dataset, rows.quarantined),
    )


def quality(
    rows: RowCounts, nulls: Mapping[str, int], reasons: Mapping[str, int], files: Sequence[LedgerFile]
) -> dict[str, JSON]:
    """Counts only, never a value. Nulls are of the records that are good."""
    columns = {name: {"nullCount": n} for name, n in nulls.items()}
    broken = [
        {"assertion": reason, "success": False, "severity": "warn", "expected": "0", "actual": str(n)}
        for reason, n in sorted(reasons.items())
    ]
    return {
        **facet(
            "dataQualityMetrics",
            rowCount=rows.read,
            bytes=sum(f.bytes for f in files),
            fileCount=len(files),
            columnMetrics=columns,
        ),
        **(facet("dataQualityAssertions", assertions=broken) if broken else {}),
    }


def quarantined(job: Job, dataset: Dataset, rows: int) -> tuple[JSON, ...]:
    """The table of quarantined rows, where some were written to it."""
    if not rows:
        return ()
    name = rows_table(job.domain, dataset.name, job.contract.layout)
    table = stored(job.names, job.names.database(job.domain, "quarantine"), name)
    return ({**table, "outputFacets": facet("outputStatistics", rowCount=rows)},)


def _place(column: Column) -> str:
    """Where records have it: by the contract's name, whatever a producer calls it, or at a path."""
    return column.name if column.path is None else str(column.path)


def _names(spark: SparkSession, sql: str) -> list[str]:
    """The names in an expression, by Spark's own parser; none where that is not understood."""
    session: Any = spark._jsparkSession
    try:
        return list(_named(session.sessionState().sqlParser().parseExpression(sql)))
    except OTHER_SPARK:
        return []


def _named(expression: Any) -> Iterator[str]:
    if expression.nodeName() in NAMED:
        yield str(expression.nameParts().head())
    for child in each(expression.children()):
        yield from _named(child)
