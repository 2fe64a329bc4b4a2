"""One page for an environment: files, rows, quarantine, freshness, jobs and their cost, queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.contracts import Contract
from shared.metrics import NAMESPACE
from shared.names import MAINTENANCE, STAGES, Names

WIDTH, HEIGHT, COLUMNS = 8, 6, 3
FILES = ("FilesAccepted", "FilesQuarantined", "FilesDuplicate", "FilesIgnored", "FilesUnpacked")


@dataclass(frozen=True)
class Graph:
    """A graph of metrics as CloudWatch's dashboard body has them.

    `line` is drawn across it: a promise or a limit.
    """

    title: str
    metrics: Sequence[list[Any]]
    statistic: str = "Sum"
    seconds: int = 3600
    line: tuple[str, float] | None = None
    lowest: int = 0

    def properties(self, region: str) -> dict[str, Any]:
        line = (
            {"annotations": {"horizontal": [{"label": self.line[0], "value": self.line[1]}]}}
            if self.line
            else {}
        )
        return {
            "title": self.title,
            "view": "timeSeries",
            "region": region,
            "stat": self.statistic,
            "period": self.seconds,
            "metrics": list(self.metrics),
            "yAxis": {"left": {"min": self.lowest}},
            **line,
        }


@dataclass(frozen=True)
class Section:
    title: str
    graphs: Sequence[Graph] = field(default_factory=tuple)


def body(names: Names, contracts: Sequence[Contract], prices: Mapping[str, float]) -> str:
    """The dashboard as JSON: a row of graphs for ingestion, then one or two for every domain."""
    sections = [_ingestion(names), *(_domain(contract, prices) for contract in contracts)]
    widgets: list[dict[str, Any]] = []
    y = 0
    for section in sections:
        widgets.append(
            {
                "type": "text",
                "x": 0,
                "y": y,
                "width": 24,
                "height": 1,
                "properties": {"markdown": f"## {section.title}"},
            }
        )
        for n, graph in enumerate(section.graphs):
            place = {
                "x": n % COLUMNS * WIDTH,
                "y": y + 1 + n // COLUMNS * HEIGHT,
                "width": WIDTH,
                "height": HEIGHT,
            }
            widgets.append({"type": "metric", **place, "properties": graph.properties(names.region)})
        y += 1 + -(-len(section.graphs) // COLUMNS) * HEIGHT
    return json.dumps({"widgets": widgets})


def _ingestion(names: Names) -> Section:
    queues = {
        q: ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", names.queue(q)]
        for q in ("ingest", "ingest-dlq", "watch-dlq")
    }
    age = [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", names.queue("ingest")]]
    function = ["FunctionName", names.function("ingest")]
    calls = [["AWS/Lambda", metric, *function] for metric in ("Invocations", "Errors", "Throttles")]
    return Section(
        "Ingestion: from the raw bucket to an outcome",
        (
            Graph("Messages", list(queues.values()), "Maximum", 300),
            Graph("Age of the oldest message, seconds", age, "Maximum", 300),
            Graph("Ingest function", calls, seconds=300),
        ),
    )


def _domain(contract: Contract, prices: Mapping[str, float]) -> Section:
    domain, datasets = contract.domain, [d.name for d in contract.datasets]

    def by_dataset(metric: str, names: Sequence[str] = datasets) -> list[list[Any]]:
        return [[NAMESPACE, metric, "Domain", domain, "Dataset", name, {"label": name}] for name in names]

    files = [
        [NAMESPACE, f, "Domain", domain, "Dataset", d, {"label": f"{d} {f.removeprefix('Files')}"}]
        for d in datasets
        for f in FILES
    ]
    rows = [
        [NAMESPACE, metric, "Domain", domain, "Dataset", d, {"label": f"{d} {metric}"}]
        for d in datasets
        for metric in ("written_rows", "quarantined_rows")
    ]
    promised = [d.freshness_hours for d in contract.datasets if d.freshness_hours is not None]
    return Section(
        f"{domain}: files, rows, freshness, runs",
        (
            Graph("Files by outcome", files),
            Graph("Rows", rows),
            Graph("Share of rows in quarantine", by_dataset("quarantine_rate"), "Maximum"),
            Graph(
                "Hours since the newest data",
                by_dataset("freshness_hours", [*datasets, "gold"]),
                "Maximum",
                300,
                ("the contract's promise", max(promised)) if promised else None,
            ),
            Graph("Files that wait for a run", by_dataset("pending_files"), "Maximum", 300),
            Graph("Jobs: minutes", _jobs(domain, "job_seconds", "/60"), "Maximum"),
            Graph("Jobs: cost, USD", _jobs(domain, "job_dpu_hours", f"*{prices['glue_dpu_hour']}")),
        ),
    )


def _jobs(domain: str, metric: str, scale: str) -> list[list[Any]]:
    """A hidden metric per stage and the expression that is shown in its place."""
    shown: list[list[Any]] = []
    for n, stage in enumerate((*STAGES, MAINTENANCE)):
        shown.append([NAMESPACE, metric, "Domain", domain, "Stage", stage, {"id": f"m{n}", "visible": False}])
        shown.append([{"expression": f"m{n}{scale}", "label": stage, "id": f"e{n}"}])
    return shown
