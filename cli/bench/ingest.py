"""How fast ingestion judges files against the bare parser, and how much memory it takes: `./lake bench
ingest`.
"""

from __future__ import annotations

import argparse
import csv
import io
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from cli.bench.event_files import Stream, parts, zipped
from shared.contracts import contract
from shared.records import Accepted, Limits, judge
from shared.records.source import Readable, Source

ROOT = Path(__file__).parents[2]
TARGET_RATIO, TARGET_MEGABYTES = 0.5, 512
SPEED_KINDS = ("ndjson", "ndjson.gz", "csv", "csv.gz", "array")
MEMORY_KINDS = ("ndjson", "ndjson.gz", "csv", "csv.gz", "array", "parquet")
SIZES = (10, 100, 500, 1000, 2000)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench ingest", description=__doc__)
    parser.add_argument(
        "--megabytes", type=float, default=64, help="decompressed size of the files of the speed table"
    )
    parser.add_argument("--repeat", type=int, default=5, help="the best of so many runs counts")
    parser.add_argument(
        "--max-gb", type=float, default=2, help="largest file of the memory table; 0 leaves it out"
    )
    parser.add_argument("--child", nargs=2, metavar=("KIND", "MB"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.child:
        return _print_peak(options.child[0], float(options.child[1]))
    fast = _print_speed(options.megabytes, options.repeat)
    small = _print_memory([s for s in SIZES if s <= options.max_gb * 1000])
    return 0 if fast and small else 1


def _print_speed(megabytes: float, repeat: int) -> bool:
    print("| file | MB decompressed | parser alone, CPU s | judged, CPU s | MB/s | speed of the parser |")
    print("|---|---:|---:|---:|---:|---:|")
    ratios = [_print_row(kind, megabytes, repeat) for kind in SPEED_KINDS]
    return all(r >= TARGET_RATIO for r in ratios[:4])


def _print_row(kind: str, megabytes: float, repeat: int) -> float:
    """One row: ingestion, with hash, decompression, columns and dates, against nothing but the parser on the
    decompressed lines.
    """
    plain = kind.removesuffix(".gz")
    content = b"".join(parts(plain, megabytes))
    stored = b"".join(zipped(iter([content]))) if kind.endswith(".gz") else content
    lines = b"".join(parts("ndjson", megabytes)) if plain == "array" else content
    parse = (lambda: _parse_csv(content)) if plain == "csv" else (lambda: _parse_json(lines))
    alone, judged = _best([parse, lambda: _judged(io.BytesIO(stored))], repeat)
    size, ratio = len(content) / 1e6, alone / judged
    print(
        f"| {kind} | {size:.0f} | {alone:.2f} | {judged:.2f} | {size / judged:.0f} | {ratio:.0%} |",
        flush=True,
    )
    return ratio


def _parse_json(content: bytes) -> None:
    loads = orjson.loads
    for line in content.split(b"\n"):
        if line:
            loads(line)


def _parse_csv(content: bytes) -> None:
    for _ in csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")):
        pass


def _judged(stream: Readable) -> Accepted:
    limits = Limits()
    verdict = judge(Source(stream, limits), contract("ecommerce").dataset("events"), limits)
    if not isinstance(verdict, Accepted) or verdict.unreadable_records:
        raise RuntimeError(f"the benchmark's own file was not accepted: {verdict}")
    return verdict


def _best(works: list[Callable[[], object]], repeat: int) -> list[float]:
    """Least CPU seconds of each piece of work, taken in turns so that a busy machine slows all alike."""
    seconds = [float("inf")] * len(works)
    for _ in range(repeat):
        for i, work in enumerate(works):
            start = time.process_time()
            work()
            seconds[i] = min(seconds[i], time.process_time() - start)
    return seconds


def _print_memory(sizes: list[int]) -> bool:
    if not sizes:
        return True
    print("\n| file | " + " | ".join(f"{s} MB" for s in sizes) + " |\n|---|" + "---:|" * len(sizes))
    peaks = []
    for kind in MEMORY_KINDS:
        measured = [_peak(kind, size) for size in sizes]
        peaks += measured
        print(f"| {kind} | " + " | ".join(f"{p} MB" for p in measured) + " |", flush=True)
    return max(peaks) < TARGET_MEGABYTES


def _peak(kind: str, megabytes: float) -> int:
    """Peak resident megabytes of a process of its own that judges one file of this decompressed size."""
    command = [sys.executable, "-m", "cli.bench.ingest", "--child", kind, str(megabytes)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def _print_peak(kind: str, megabytes: float) -> int:
    if kind == "parquet":
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/events.parquet"
            # Written by another process: only the judgement's memory shall count.
            program = f"from cli.bench.event_files import write_parquet; write_parquet({path!r}, {megabytes})"
            subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
            with open(path, "rb") as file:
                _judged(file)
    else:
        content = parts(kind.removesuffix(".gz"), megabytes)
        _judged(Stream(zipped(content) if kind.endswith(".gz") else content))
    print(_high_water_megabytes())
    return 0


def _high_water_megabytes() -> int:
    """Of this program alone: the peak that getrusage knows is never below that of the process that started
    it.
    """
    status = Path("/proc/self/status")
    if not status.exists():  # macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
