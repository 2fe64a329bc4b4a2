"""What holds of any bytes: a verdict in bounded time and memory, and of what is accepted a second reading with
the same count. `python -m tests.support.fuzz FAMILY FIRST COUNT` tries some in a process that may die.
"""

from __future__ import annotations

import io
import json
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from shared.contracts import Dataset, contract
from shared.contracts.model import Operation
from shared.ingestion.package import archive_of
from shared.ledger.model import Profile
from shared.records import (
    Accepted,
    Limits,
    Rejected,
    Unreadable,
    compression,
    judge,
    known_lines,
    strict_json,
)
from shared.records.convert import convert_to_parquet
from shared.records.packages import extract, is_package, package_kind
from shared.records.reading import rows
from shared.records.shape import Row, shape_of
from shared.records.source import Source
from shared.records.verdict import RAW
from tests.support.mutations import mutated

MEGABYTES = 512  # of a process that judged or read one file
LOADED = 165  # of one that has done nothing yet
SECONDS, PER_MEGABYTE = 2.0, 6.0  # of CPU, for a file and for each megabyte that it holds
WALL = 120  # seconds after which a file is taken to hang
GLUE_ONE_IN = 8  # files that are also judged without the packages that Glue lacks
ALONE = ("parquet", "typed parquet", "compressed", "workbook")  # whose libraries may end the process
SHEETS, SHEET_BYTES = "workbook", 5 << 29  # of address space: what a sheet's process has, and this one's own
DEBEZIUM = Operation("name", ("c", "r", "u"), ("d",), "debezium")


@dataclass
class Tried:
    """What became of the inputs of one family."""

    name: str
    inputs: int = 0
    accepted: int = 0
    native: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    megabytes: int = 0
    cpu: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Tried) -> None:
        self.inputs += other.inputs
        self.accepted += other.accepted
        self.native += other.native
        self.reasons.update(other.reasons)
        self.seconds, self.cpu = max(self.seconds, other.seconds), self.cpu + other.cpu
        self.megabytes = max(self.megabytes, other.megabytes)
        self.findings += other.findings


class Wrong(Exception):  # noqa: N818
    """A promise that did not hold."""


@cache
def dataset_of(name: str) -> Dataset:
    """Who takes a family's files; all formats of text are read, whatever the mutation made of one."""
    events, orders = contract("shop").dataset("events"), contract("shop").dataset("orders")
    every = ("csv", "json", "ndjson", "xml", "parquet")
    found = {
        "messy csv": contract("shop").dataset("users"),
        "nested json": orders,
        "nested list": contract("shop").dataset("order_lines"),
        "changes": replace(events, target=replace(events.target, operation=DEBEZIUM)),
        "xml": contract("web").dataset("xml_errors"),
        "nested xml": replace(orders, formats=("xml",)),
        "wide text": replace(events, encodings=("utf-8", "utf-16", "utf-16-le", "utf-16-be")),
        "headerless": contract("retail").dataset("sales"),
        "zip": contract("shop").dataset("users"),
        "workbook": contract("shop").dataset("users"),
    }.get(name, events)
    return (
        found
        if name in ("headerless", "nested xml", "nested json", "nested list")
        else replace(found, formats=tuple(dict.fromkeys((*found.formats, *every))))
    )


def attempts(name: str, numbers: range) -> Tried:
    """Judges and reads the mutations of these numbers."""
    tried = Tried(name)
    for number in numbers:
        tried.add(attempt(name, number))
    return tried


def attempt(name: str, number: int) -> Tried:
    """Judges and reads one."""
    content, tried = mutated(name, number), Tried(name, 1)
    _forget_peak()
    held_before = peak_megabytes()  # by all that this process did before
    began = time.process_time()
    try:
        verdicts = list(judged(content, name, glue=number % GLUE_ONE_IN == 0))
    except Exception:  # noqa: BLE001  the finding itself
        tried.findings.append(f"{name} {number}: {traceback.format_exc(limit=-4)}")
        verdicts = []
    tried.seconds = time.process_time() - began
    tried.megabytes = LOADED + peak_megabytes() - held_before
    tried.cpu = tried.seconds
    for verdict, _ in verdicts:
        if isinstance(verdict, Accepted):
            tried.accepted += 1
            tried.native += verdict.profile.native
        else:
            tried.reasons[str(verdict.reason)] += 1
    held = max((held for _, held in verdicts), default=len(content)) / 2**20
    if tried.seconds > SECONDS + PER_MEGABYTE * held:
        tried.findings.append(f"{name} {number}: {tried.seconds:.2f} CPU s for {held:.3f} MB")
    if tried.megabytes > MEGABYTES:
        tried.findings.append(f"{name} {number}: {tried.megabytes} MB for {held:.3f} MB")
    return tried


def judged(content: bytes, name: str, *, glue: bool = False) -> Iterator[tuple[Accepted | Rejected, int]]:
    """The verdicts on a content (of a zip on each file), each with the bytes that were read for it.

    Raises Wrong where what was accepted is read otherwise.
    """
    dataset = dataset_of(name)
    if is_package(content[:8]):
        yield from _package(content, dataset)
    elif dataset.stored_as == "parquet":
        yield _converted(content, dataset)
    else:
        found, held = verdict_of(content, dataset)
        if glue:
            _same_in_glue(content, dataset, found)
        if isinstance(found, Accepted):
            check_reading(content, found, dataset)
        yield found, held


def verdict_of(
    content: bytes, dataset: Dataset, suffix: str = "", delimiter: str | None = None
) -> tuple[Accepted | Rejected, int]:
    source = Source(io.BytesIO(content), Limits())
    found = judge(source, dataset, Limits(), suffix, delimiter)
    if source.bytes != len(content):
        raise Wrong(f"{source.bytes} of {len(content)} bytes were read: the hash is not the file's")
    if isinstance(found, Rejected):
        found.detail.encode()  # it becomes part of a JSON document
    return found, max(len(content), source.decompressed)


def _same_in_glue(content: bytes, dataset: Dataset, found: Accepted | Rejected) -> None:
    """Glue has no orjson, msgspec and zlib-ng; the bronze job judges there what is too large for the function."""
    kept = strict_json.orjson, strict_json.plain, known_lines.msgspec, compression.inflate
    strict_json.orjson, strict_json.plain, known_lines.msgspec = None, strict_json.exact, None
    compression.inflate = zlib
    known_lines.known_lines.cache_clear()
    try:
        other, _ = verdict_of(content, dataset)
    finally:
        strict_json.orjson, strict_json.plain, known_lines.msgspec, compression.inflate = kept
    if isinstance(found, Accepted) and isinstance(other, Accepted):
        # orjson has no spelling of a double: a time that is one may be given a day that its text has not.
        # Days that a file has not cost a look at them; the other way round they would be missed.
        days = {d: found.event_dates.get(d, 0) for d in other.event_dates}
        found = replace(found, event_dates=days)
    if told(other) != told(found):
        raise Wrong(f"without orjson, msgspec and zlib-ng: {told(other)} instead of {told(found)}")


def told(found: Accepted | Rejected) -> Any:
    """A verdict without what may differ: the words."""
    if isinstance(found, Rejected):
        return str(found.reason)
    return found.records, found.unreadable_records, found.event_dates, found.profile


def read_rows(content: bytes, profile: Profile, dataset: Dataset) -> list[Row]:
    """The second reading, from the profile as the ledger keeps it."""
    shape = shape_of(dataset, "xml" if profile.format == "xml" else "json")
    kept = Profile.from_json(profile.to_json())
    return list(rows(io.BytesIO(content), kept, shape, dataset.nested, dataset.records))


def check_reading(content: bytes, found: Accepted, dataset: Dataset) -> None:
    """Raises Wrong unless the second reading counts alike and gives texts that can be stored."""
    read = read_rows(content, found.profile, dataset)
    bad = sum(row.raw is not None for row in read)
    if (len(read), bad) != (found.records, found.unreadable_records):
        raise Wrong(
            f"{found.records} records, {found.unreadable_records} unreadable; read: {len(read)}, {bad}"
        )
    if sum(found.event_dates.values()) > found.records:
        raise Wrong("more dates than records")
    for row in read:
        for text in (*row.values.values(), *row.extra, *row.extra.values(), row.raw):
            if text is not None:
                text.encode()


def _converted(content: bytes, dataset: Dataset) -> tuple[Accepted | Rejected, int]:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        source = Source(io.BytesIO(content), Limits())
        found = convert_to_parquet(source, dataset, Limits(), Path(file.name))
        if source.bytes != len(content):
            raise Wrong("not all bytes were read: the hash is not the file's")
        if isinstance(found, Accepted):
            table = pq.read_table(file.name)
            bad = table.num_rows - table[RAW].null_count
            if (table.num_rows, bad) != (found.records, found.unreadable_records):
                raise Wrong(
                    f"{found.records} records, {found.unreadable_records} unreadable; written: {table.num_rows}, {bad}"
                )
    return found, max(len(content), source.decompressed)


def _package(content: bytes, dataset: Dataset) -> Iterator[tuple[Accepted | Rejected, int]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package"
        path.write_bytes(content)
        try:
            kind = package_kind(path)
        except Unreadable as stop:
            yield Rejected(stop.reason, stop.detail), len(content)
            return
        yield from _members(path, dataset) if kind == "zip" else _sheet(path, dataset)


def _members(path: Path, dataset: Dataset) -> Iterator[tuple[Accepted | Rejected, int]]:
    archive = archive_of(path, Limits())
    if isinstance(archive, Rejected):
        yield archive, path.stat().st_size
        return
    for member in archive.members:
        target = path.with_name("member")
        try:
            extract(path, member, target, Limits())
        except Unreadable as stop:
            yield Rejected(stop.reason, stop.detail), path.stat().st_size
            continue
        content = target.read_bytes()
        if not is_package(content[:8]):  # ingestion refuses a package in a package unseen
            found, held = verdict_of(content, dataset)
            if isinstance(found, Accepted):
                check_reading(content, found, dataset)
            yield found, held


def _sheet(path: Path, dataset: Dataset) -> Iterator[tuple[Accepted | Rejected, int]]:
    """As the process does that reads a sheet, whose own exceptions end ingestion."""
    from shared.reasons import FileReason
    from shared.spreadsheets.sheet import written

    text = path.with_name("sheet.csv")
    try:
        failure = written(str(path), str(text), dataset.sheet or "")
    except MemoryError:
        failure = {"reason": "too_large", "detail": ""}
    except BaseException as error:
        raise Wrong(f"the sheet's process ends with {type(error).__name__}: {error}") from error
    if failure is not None:
        yield Rejected(FileReason(failure["reason"]), failure["detail"]), path.stat().st_size
        return
    made, content = replace(dataset, formats=("csv",), encodings=("utf-8",)), text.read_bytes()
    found, held = verdict_of(content, made, ".csv", ",")
    if isinstance(found, Accepted):
        check_reading(content, found, made)
    yield found, max(held, path.stat().st_size)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")  # man 5 proc: VmHWM starts again


def peak_megabytes() -> int:
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(found[1]) >> 10 if found else 0


def attempts_apart(name: str, numbers: range) -> Tried:
    """The same in processes of their own: one that dies or hangs is a finding, and the next goes on behind
    the input at fault.
    """
    tried, at = Tried(name), numbers.start
    while at < numbers.stop:
        command = [sys.executable, "-m", __name__, name, str(at), str(numbers.stop)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            for line in process.stdout or ():
                told = json.loads(line)
                tried.add(Tried(**{**told, "reasons": Counter(told["reasons"])}))
                at += 1
        if process.returncode > 0:
            raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
        if process.returncode < 0 and name == SHEETS and -process.returncode != signal.SIGALRM:
            tried.add(Tried(name, 1, reasons=Counter(["too_large"])))  # as the sheet's own process ends
            at += 1
        elif process.returncode < 0:
            end = f"ended by {signal.Signals(-process.returncode).name}"  # SIGALRM: it hangs
            tried.add(Tried(name, 1, reasons=Counter([end]), findings=[f"{name} {at}: {end}"]))
            at += 1
    return tried


def main(name: str, first: str, end: str) -> None:
    if name == SHEETS:
        resource.setrlimit(resource.RLIMIT_AS, (SHEET_BYTES, SHEET_BYTES))
    for number in range(int(first), int(end)):
        signal.alarm(WALL)  # the default action ends the process, in whatever library it is
        sys.stdout.write(json.dumps(vars(attempt(name, number))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
