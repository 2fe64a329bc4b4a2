"""How many files ingestion takes a minute, whether each has the outcome that it must have, and what one run
over all of them costs: `./lake bench load`.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from math import ceil
from typing import Any

from cli.bench._cpu import Cost, Watch
from cli.bench._lake import BenchLake
from cli.bench._load_checks import check_ledger, check_queue, check_rows
from cli.bench._load_files import DATASET, DOMAIN, MadeFile, expected, made_files
from cli.bench._wrong import WRONG
from local.aws.environment import client_environment
from local.errors import LakeError
from local.session import Session
from local.settings import ROOT

RUN, UPLOADS, SENT_TOGETHER = "load", 8, 10
# The emulated queue looks at all of its messages for each that is taken or deleted: with 75,000 in it ten of
# them took half a CPU second. A multiple of a hundred: a file and its twin come together.
WAITING_TOGETHER = 5_000
TARGET_FILES, TARGET_EVENTS = 2_000, 10_000  # a minute


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench load", description=__doc__)
    parser.add_argument("--files", type=int, default=2_000, help="files that are dropped")
    parser.add_argument("--bytes", type=int, default=1_000, help="size of each, about")
    parser.add_argument(
        "--events", type=int, default=10_000, help="messages in the queue: every file's, again and again"
    )
    parser.add_argument("--workers", type=int, default=8, help="processes that ingest side by side")
    parser.add_argument("--no-run", action="store_true", help="ingestion only")
    options = parser.parse_args(argv)
    files, events = options.files, max(options.events, options.files)
    with BenchLake("load", DOMAIN) as lake:
        ingested = _ingest(lake, files, options.bytes, events, options.workers)
        if not options.no_run:
            _run_silver(lake, files, options.bytes)
    return 0 if ingested else 1


def _ingest(lake: BenchLake, number: int, size: int, events: int, workers: int) -> bool:
    """Drops files while nobody takes their messages, then lets the workers at the queue, some thousands at a
    time. Returns whether they were quick enough.
    """
    session = lake.session
    _stop_poller(session)
    made, dropped, again = made_files(number, size), 0, 0
    done, seconds, costs = list[dict[str, Any]](), 0.0, list[Cost]()
    with Watch() as watch:
        while files := list(islice(made, WAITING_TOGETHER)):
            sent = _drop(session, files)
            dropped += len(sent)
            again += _send_again(session, sent, (events - number) * dropped // number - again)
            watch.lap()
            began = time.time()
            answers = _work(lake, workers)
            costs.append(watch.lap())
            done += answers
            seconds += max(a["ended"] for a in answers) - began
    cpu, peak, retried = sum(c.cpu for c in costs), max(c.peak for c in costs), sum(d["failed"] for d in done)
    check_ledger(session, expected(number, size), number, size)
    check_queue(session)
    files_a_minute, events_a_minute = (n / seconds * 60 for n in (number, number + again))
    half, nearly_all = percentiles([taken for d in done for taken in d["seconds"]])
    columns = (
        "files",
        "events",
        "workers",
        "s",
        "files/min",
        "events/min",
        "CPU s",
        "CPU ms/file",
        "peak MB",
        "s/batch p50",
        "p99",
    )
    row = (
        *(f"{n:,}" for n in (number, number + again, workers)),
        *(f"{n:,.0f}" for n in (seconds, files_a_minute, events_a_minute, cpu)),
        f"{cpu / number * 1000:.1f}",
        f"{peak:,}",
        f"{half:.2f}",
        f"{nearly_all:.2f}",
        str(retried),
    )
    _print_table((*columns, "retried"), row)
    return bool(files_a_minute >= TARGET_FILES or events_a_minute >= TARGET_EVENTS)


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """What half of the batches took at most, and 99 of 100."""
    ordered = sorted(seconds)
    half, nearly_all = (ordered[ceil(len(ordered) * of / 100) - 1] for of in (50, 99))
    return half, nearly_all


def _stop_poller(session: Session) -> None:
    """The emulation's own poller: the benchmark's workers are there instead."""
    client = session.client("lambda")
    [mapping] = client.list_event_source_mappings(FunctionName=session.names.function("ingest"))[
        "EventSourceMappings"
    ]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)


def _drop(session: Session, files: Iterable[MadeFile]) -> list[tuple[str, str]]:
    """Keys and versions of what was put into the raw bucket."""
    s3, bucket = session.client("s3"), session.names.bucket("raw")

    def put(file: MadeFile) -> tuple[str, str]:
        return file.key, s3.put_object(Bucket=bucket, Key=file.key, Body=file.content)["VersionId"]

    with ThreadPoolExecutor(UPLOADS) as pool:
        return list(pool.map(put, files))


def _send_again(session: Session, sent: Sequence[tuple[str, str]], more: int) -> int:
    """Events that come a second time, as EventBridge and the queue may deliver them."""
    sqs = session.client("sqs")
    url = sqs.get_queue_url(QueueName=session.names.queue("ingest"))["QueueUrl"]
    bodies = (_event(session, *sent[i % len(sent)]) for i in range(more))
    while batch := list(islice(bodies, SENT_TOGETHER)):
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(batch)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    return more


def _event(session: Session, key: str, version: str) -> str:
    return json.dumps(
        {
            "source": "aws.s3",
            "account": session.names.account,
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": session.names.bucket("raw")},
                "object": {"key": key, "version-id": version},
            },
        }
    )


def _work(lake: BenchLake, workers: int) -> list[dict[str, Any]]:
    """Starts the workers and waits until the queue is empty. Returns what each handled."""
    environment = {**os.environ, **client_environment(lake.session.endpoint or "")}
    command = [sys.executable, "-m", "cli.bench._load_worker", str(lake.state)]
    with (lake.state / "workers.log").open("ab") as log:
        started = [
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.PIPE, text=True
            )
            for _ in range(workers)
        ]
        outputs = [worker.communicate()[1] for worker in started]
    if any(worker.returncode for worker in started):
        raise LakeError(f"a worker ended:\n{max(outputs, key=len)[-3000:]}", WRONG)
    return [json.loads(output.strip().splitlines()[-1]) for output in outputs]


def _run_silver(lake: BenchLake, number: int, size: int) -> None:
    """One run over all files; raises LakeError unless silver holds their records, and nothing else."""
    truth = expected(number, size)
    cost = lake.run(["bronze-to-silver"], RUN, long=True)["bronze-to-silver"]
    [result] = [r for r in lake.session.ledger.runs(DOMAIN, RUN) if r.dataset == DATASET]
    if (result.files, result.rows.read, result.rows.written) != (
        truth.counts["accepted"],
        truth.records,
        truth.records,
    ):
        raise LakeError(f"expected {truth}, the run says {result.rows} of {result.files} files", WRONG)
    if left := lake.session.ledger.counts(DOMAIN, DATASET)["pending"]:
        raise LakeError(f"{left} files still wait after the run", WRONG)
    check_rows(lake.session, number, size)
    row = (
        *(f"{n:,}" for n in (result.files, result.rows.read)),
        *(f"{n:.1f}" for n in (cost.cpu, cost.wall)),
        f"{cost.peak:,}",
        f"{cost.cpu / result.files * 1000:.1f}",
    )
    _print_table(("files in one run", "records", "CPU s", "wall s", "peak MB", "CPU ms/file"), row)


def _print_table(columns: Sequence[str], row: Sequence[str]) -> None:
    rule = "---:|" * len(columns)
    print(f"\n| {' | '.join(columns)} |\n|{rule}\n| {' | '.join(row)} |", flush=True)
