"""What an environment shows: files, rows, quarantine, freshness, jobs and their cost, queue; on one page
while CloudWatch takes all of it, else on as few as it takes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from shared.contracts import Contract
from shared.metrics import FRESHNESS, GOLD, NAMESPACE, OF_FILES, OF_JOBS, PENDING, whose
from shared.names import DOMAIN_JOBS, Names

WIDTH, HEIGHT, COLUMNS = 8, 6, 3
# CloudWatch's quotas, "Dashboards": hidden metrics count, expressions do not.
MOST_WIDGETS, MOST_METRICS = 500, 2500


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
            "metrics": _short(self.metrics),
            "yAxis": {"left": {"min": self.lowest}},
            **line,
        }


@dataclass(frozen=True)
class Section:
    title: str
    graphs: Sequence[Graph] = field(default_factory=tuple)

    @property
    def widgets(self) -> int:
        return 1 + len(self.graphs)

    @property
    def metrics(self) -> int:
        return sum(isinstance(m[0], str) for graph in self.graphs for m in graph.metrics)


def bodies(names: Names, contracts: Sequence[Contract], dpu_hour_usd: float) -> list[str]:
    """The pages as JSON: a row of graphs for ingestion, then some for every domain, in their order.

    `dpu_hour_usd`: of the class that jobs run in.
    """
    sections = [_ingestion(names), *(_domain(names, contract, dpu_hour_usd) for contract in contracts)]
    pages: list[list[Section]] = [[]]
    for section in sections:
        page = [*pages[-1], section]
        if sum(s.widgets for s in page) > MOST_WIDGETS or sum(s.metrics for s in page) > MOST_METRICS:
            pages.append([])
        pages[-1].append(section)
    return [_body(names, page) for page in pages]


def _body(names: Names, sections: Sequence[Section]) -> str:
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


def _short(metrics: Sequence[list[Any]]) -> list[list[Any]]:
    """A metric that differs from the one before in its last value only, as CloudWatch itself writes it:
    `...` and the value. It halves the page, which a template has to hold.
    """
    short: list[list[Any]] = []
    before: list[str] = []
    for metric in metrics:
        own = [part for part in metric if isinstance(part, str)]
        same = len(own) > 2 and own[:-1] == before[:-1]
        short.append(["...", own[-1], *metric[len(own) :]] if same else metric)
        before = own
    return short


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


def _domain(names: Names, contract: Contract, dpu_hour_usd: float) -> Section:
    domain, datasets = contract.domain, [d.name for d in contract.datasets]

    def metric_of(dataset: str, metric: str, label: str) -> list[Any]:
        where = {**whose(names), "Domain": domain, "Dataset": dataset}
        return [NAMESPACE, metric, *chain(*where.items()), {"label": label}]

    def by_dataset(metric: str, shown: Sequence[str] = datasets) -> list[list[Any]]:
        return [metric_of(name, metric, name) for name in shown]

    files = [metric_of(d, f, f"{d} {f.removeprefix('Files')}") for f in OF_FILES for d in datasets]
    rows = [
        metric_of(d, metric, f"{d} {metric}")
        for metric in ("written_rows", "quarantined_rows")
        for d in datasets
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
                by_dataset(FRESHNESS, [*datasets, GOLD]),
                "Maximum",
                300,
                ("the contract's promise", max(promised)) if promised else None,
            ),
            Graph("Files that wait for a run", by_dataset(PENDING), "Maximum", 300),
            Graph("Jobs: minutes", _jobs(names, domain, OF_JOBS[0], "/60"), "Maximum"),
            Graph("Jobs: cost, USD", _jobs(names, domain, OF_JOBS[1], f"*{dpu_hour_usd}")),
        ),
    )


def _jobs(names: Names, domain: str, metric: str, scale: str) -> list[list[Any]]:
    """A hidden metric per stage and the expression that is shown in its place."""
    hidden, shown = list[list[Any]](), list[list[Any]]()
    for n, stage in enumerate(DOMAIN_JOBS):
        where = {**whose(names), "Domain": domain, "Stage": stage}
        hidden.append([NAMESPACE, metric, *chain(*where.items()), {"id": f"m{n}", "visible": False}])
        shown.append([{"expression": f"m{n}{scale}", "label": stage, "id": f"e{n}"}])
    return [*hidden, *shown]
