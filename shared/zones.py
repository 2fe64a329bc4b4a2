"""Where everything stands: the only place that builds or parses an object key."""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

MAX_KEY_BYTES = 1024  # Amazon S3 limit for an object key, UTF-8
MAX_STEM = 120
MAX_FOLDER_BYTES = (
    200  # of a domain's or dataset's name in quarantine, so that a hash and an ending fit behind
)
NO_DATE = dt.date(1970, 1, 1)  # bronze folder of a file in which no record has a readable date
BY_EVENT_DATE = "event_date"  # the layout a contract has unless it chooses another one
GATHERED = "year_month_day"  # the layout in which the rejects of a domain stand together
UNDATED = "undated"
ARCHIVE = "archive"  # in the bronze bucket, beside the domains' folders: no domain has this name
NOWHERE = "unknown"  # domain and dataset of a key that names none
CATALOGUE = "catalogue/index.html"  # of the whole environment, in the bucket `scripts`
LOAD_PLAN = "plan.json"  # among what gold leaves for the warehouse: where its load begins
IGNORED = ("_SUCCESS", "_committed_*", "_started_*", "*.crc", "*_$folder$", ".DS_Store")
# What Spark, Hive and Hadoop's committers keep beside a table, or of a write that has not ended
IGNORED_FOLDERS = (
    "_temporary",
    "_spark_metadata",
    ".spark-staging-*",
    ".hive-staging_*",
    "__magic",
    "__magic_job-*",
)
COMPRESSED = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd"}
_FORMATS = (".csv", ".tsv", ".json", ".ndjson", ".jsonl", ".txt", ".parquet", ".xml", ".xlsx", ".ods", ".zip")
_SUFFIXES = (*_FORMATS, *COMPRESSED)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True)
class RawKey:
    """`<domain>/<dataset>/<whatever the producer chose>`."""

    domain: str
    dataset: str
    rest: str


def raw_key(key: str) -> RawKey | None:
    """The parts of a raw key, or None when it is not under a domain and a dataset.

    The key is taken as it is: never URL-decoded.
    """
    parts = key.split("/", 2)
    if len(parts) < 3 or not all(parts[:2]) or not parts[2]:
        return None
    return RawKey(*parts)


def place_of_key(key: str) -> tuple[str, str]:
    """Domain and dataset of a raw key, whether or not a contract knows them; NOWHERE where it names none."""
    place = raw_key(key)
    return (place.domain, place.dataset) if place else (NOWHERE, NOWHERE)


def is_folder_marker(key: str, size: int) -> bool:
    """Consoles create empty objects that end in `/` to show a folder."""
    return key.endswith("/") and size == 0


def is_ignored(key: str, patterns: Iterable[str] = ()) -> bool:
    """Whether a file is none of ours: by the last part of its key a marker of Spark, Databricks, Hadoop or a
    desktop, or by a pattern of its contract; by a folder part of a write that has not ended.
    """
    *folders, name = key.split("/")
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in (*IGNORED, *patterns)) or any(
        fnmatch.fnmatchcase(folder, pattern) for folder in folders for pattern in IGNORED_FOLDERS
    )


def suffixes(key: str) -> str:
    """The known endings of a name, lower case: `A.CSV.GZ` → `.csv.gz`; an unknown ending is
    part of the stem.
    """
    name, endings = PurePosixPath(key).name.lower(), ""
    while (
        end := next((s for s in _SUFFIXES if name.endswith(s) and len(name) > len(s)), None)
    ) and endings.count(".") < 3:
        name, endings = name.removesuffix(end), end + endings
    return endings


def stem(key: str) -> str:
    """A name that is safe in every reader: ASCII letters, digits, `.`, `-`, `_`; never hidden, never longer
    than 120.
    """
    name = PurePosixPath(key).name
    name = name[: len(name) - len(suffixes(key))]
    safe = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_.")
    return safe[:MAX_STEM] or "file"


def date_folder(event_date: dt.date, layout: str) -> str:
    """How a contract's layout spells an event date in a key; nothing where files have none."""
    if layout == UNDATED:
        return ""
    return (
        f"event_date={event_date.isoformat()}"
        if layout == BY_EVENT_DATE
        else f"year={event_date:%Y}/month={event_date:%m}/day={event_date:%d}"
    )


def dated(key: str) -> dt.date:
    """The event date in a bronze key, in either layout. Raises ValueError for a key without one."""
    match = re.search(r"/(?:event_date=(\d{4}-\d{2}-\d{2})|year=(\d{4})/month=(\d{2})/day=(\d{2}))/", key)
    if match is None:
        raise ValueError(f"{key} is no bronze key: it has no event date")
    return dt.date.fromisoformat(match[1] or "-".join(match.groups()[1:]))


def bronze_key(
    domain: str, dataset: str, event_date: dt.date, key: str, content_hash: str, layout: str = BY_EVENT_DATE
) -> str:
    """Place of an accepted file: under its primary event date, named by content, so that a retry writes the
    same key.
    """
    folder = "/".join(p for p in (domain, dataset, date_folder(event_date, layout)) if p)
    return f"{folder}/{stem(key)}-{content_hash[:8]}{suffixes(key)}"


def archive_prefix(domain: str) -> str:
    return f"{ARCHIVE}/{domain}/"


def archive_key(domain: str, dataset: str, key: str, ingested_at: dt.datetime, run_id: str) -> str:
    """Place of a file that silver has, in the bronze bucket.

    Equal names of one run and second are the caller's to tell apart.
    """
    return (
        f"{archive_prefix(domain)}{dataset}/{stem(key)}{suffixes(key)}_{ingested_at:%Y%m%dT%H%M%SZ}_{run_id}"
    )


def is_archived(key: str) -> bool:
    return key.startswith(f"{ARCHIVE}/")


def quarantined_files_prefix(domain: str, dataset: str, layout: str = BY_EVENT_DATE) -> str:
    """Where the rejected files of a dataset stand, with their reasons."""
    return f"{domain}/{dataset}/files/" if layout != GATHERED else f"{domain}/system/lambda/{dataset}/"


def quarantined_file_key(key: str, version: str, layout: str = BY_EVENT_DATE) -> str:
    """Place of a rejected file; one whose key names no dataset, or names that no folder may have, goes to
    `system/lambda`.

    Its name ends in a hash of key and version.
    """
    place = raw_key(key)
    if place and not (_is_plain(place.domain) and _is_plain(place.dataset)):
        place = None
    folder = quarantined_files_prefix(place.domain, place.dataset, layout) if place else "system/lambda/"
    return _versioned(folder, place.rest if place else key, version)


def reason_key(quarantined: str) -> str:
    return f"{quarantined}.reason.json"


def quarantined_rows_prefix(domain: str, dataset: str, layout: str = BY_EVENT_DATE) -> str:
    """Where quarantined rows are: a folder per dataset, or with the other layout one for the
    domain.
    """
    return f"{domain}/{dataset}/rows/" if layout != GATHERED else f"{domain}/data_quality/"


def failures_prefix(domain: str) -> str:
    """Where the reasons of failed runs stand."""
    return f"{domain}/system/glue/"


def failure_key(domain: str, run_id: str) -> str:
    """Where a failed run leaves its reason."""
    return f"{failures_prefix(domain)}{run_id}.json"


def metrics_key(domain: str, dataset: str, run_date: dt.date, run_id: str) -> str:
    return f"{domain}/{dataset}/run_date={run_date.isoformat()}/{run_id}.csv"


def lineage_key(domain: str, zone: str, table: str, run_date: dt.date, run: str) -> str:
    """What one run says of one table: a line an event. No dataset has a hyphen in its name."""
    return f"{lineage_prefix(domain)}{zone}/{table}/run_date={run_date.isoformat()}/{run}.jsonl"


def lineage_prefix(domain: str) -> str:
    """In the metrics bucket."""
    return f"{domain}/open-lineage/"


def receipt_key(domain: str, date: dt.date, erasure_id: str) -> str:
    """The receipt of an erasure, in the metrics bucket. No dataset has a hyphen in its name."""
    return f"{domain}/erased-people/run_date={date.isoformat()}/{erasure_id}.json"


def warehouse_key(domain: str, name: str) -> str:
    """What a run leaves in gold for the warehouse: manifests, statements and the plan of the load."""
    return f"{domain}/warehouse/{name}"


def table_path(domain: str, zone: str, kind: str, table: str) -> str:
    """Folder of a table's data and metadata inside its zone's bucket."""
    return f"{domain}/{kind}/{table}" if zone == "gold" else f"{domain}/{table}"


def _versioned(folder: str, rest: str, version: str) -> str:
    """The key with a hash of its version before the known endings, so that no version overwrites another; cut
    to what S3 takes, and harmless where people download it: no way up, no control characters.
    """
    import hashlib

    whole, rest = rest, _harmless(rest)
    end = rest[len(rest) - len(suffixes(rest)) :]
    end = end if end.lower() == suffixes(rest) else ""  # a key may end in a slash
    tail = "-" + hashlib.sha256(f"{whole}\n{version}".encode()).hexdigest()[:12] + end
    room = MAX_KEY_BYTES - len((folder + tail + reason_key("")).encode())
    return folder + rest.removesuffix(end).encode()[:room].decode(errors="ignore") + tail


def _is_plain(name: str) -> bool:
    """Whether a domain's or dataset's name may be a folder: anybody may have chosen it, of any length."""
    return _harmless(name) == name and len(name.encode()) <= MAX_FOLDER_BYTES


def _harmless(rest: str) -> str:
    """With `_` for empty parts, parts of dots, and control characters, which break lists of keys."""
    parts = _CONTROL.sub("_", rest).split("/")
    return "/".join("_" if p in ("", ".", "..") else p for p in parts)
