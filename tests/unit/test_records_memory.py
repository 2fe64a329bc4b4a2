"""Memory does not grow with the file: a stream of hundreds of megabytes that never is anywhere as a whole."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
MEGABYTES = 300
PROGRAM = """
import re, sys, zlib
from shared.contracts import contract
from shared.records import Limits, judge, records
from shared.records.source import Source

class Stream:
    def __init__(self, parts):
        self.parts, self.rest = parts, b""
    def read(self, size):
        while len(self.rest) < size and (part := next(self.parts, None)) is not None:
            self.rest += part
        block, self.rest = self.rest[:size], self.rest[size:]
        return block

def zipped(parts):
    member = zlib.compressobj(1, wbits=31)
    for part in parts:
        yield member.compress(part)
    yield member.flush()

kind, size, reader = sys.argv[1], int(sys.argv[2]) << 20, sys.argv[3]
line = b'{"event_id":"e%08d","ts":"2024-03-%02dT10:00:00Z","user_id":"u1","price":12.50,"message":"' + b"x" * 300 + b'"}'
start, between, end = {"ndjson": (b"", b"\\n", b""), "array": (b"[", b",", b"]"), "csv": (b"event_id,ts,message\\n", b"\\n", b"")}[kind.split(".")[0]]
if kind.startswith("csv"):
    line = b'e%08d,2024-03-%02d,"' + b"x" * 300 + b'"'
chunk = 1000
count = size // len(line) // chunk
def parts():
    yield start
    for i in range(count):
        yield between.join(line % (j, j % 28 + 1) for j in range(i * chunk, (i + 1) * chunk)) + (between if i + 1 < count else end)
make = lambda: Stream(zipped(parts()) if kind.endswith(".gz") else parts())
def high_water():  # getrusage would give the peak of the process that started this one, if that was higher
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
before = high_water()
found = judge(Source(make(), Limits()), contract("shop").dataset("events"), Limits())
assert found.records == count * chunk, found
if reader == "records":
    assert sum(1 for _ in records(make(), found.profile)) == found.records
peak = high_water()
print(peak // 1024, (peak - before) // 1024)
"""


def peak_megabytes(kind: str, megabytes: int, reader: str = "judge") -> tuple[int, int]:
    """Peak resident size of a process that judges such a file, and how much of it the judgement took."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, str(megabytes), reader],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    peak, grown = map(int, run.stdout.split())
    return peak, grown


@pytest.mark.parametrize("kind", ["ndjson", "csv", "array"])
def test_memory_is_flat_in_the_size_of_the_file(kind: str):
    small, large = peak_megabytes(kind, 10), peak_megabytes(kind, 60)
    assert large[0] < 200
    assert large[1] < small[1] + 20


@pytest.mark.slow
@pytest.mark.parametrize("reader", ["judge", "records"])
@pytest.mark.parametrize("kind", ["ndjson", "ndjson.gz", "csv", "array", "array.gz"])
def test_hundreds_of_megabytes_take_no_more_memory_than_ten(kind: str, reader: str):
    small, large = peak_megabytes(kind, 10, reader), peak_megabytes(kind, MEGABYTES, reader)
    assert large[0] < 200
    assert large[1] < small[1] + 20
