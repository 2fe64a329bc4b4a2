"""The clean truth: every record that must stand in silver, before any mess.

A record that a file holds twice is two records.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

Columns = dict[str, Any]
SHARES = {"ndjson": 0.55, "json_gzip": 0.3, "xml_errors": 0.15}
APPS = {"ndjson": "web_app_1", "json_gzip": "api_service"}
FORMATS = {"ndjson": "ndjson", "json_gzip": "json_gzip", "xml_errors": "xml"}
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
STATUSES = (200, 201, 204, 301, 304, 400, 401, 403, 404, 429, 500, 502, 503)
ENDPOINTS = (
    "/",
    "/login",
    "/cart",
    "/checkout",
    "/api/v1/orders",
    "/api/v1/users",
    "/search?q=shoes",
    "/health",
)
AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0)",
    "curl/8.5.0",
    "python-requests/2.32",
    "Bingbot/2.0",
)
SERVICES = ("billing", "search", "catalog", "mail")
MESSAGES = (
    "timeout after 30 s",
    "a < b & c",
    "connexion refus\u00e9e",
    "no space left on device",
    "null pointer in <handler>",
)
LATE_SHARE = 0.02  # records that come in the file of the day after
REPEATED_SHARE = 0.01


@dataclass(frozen=True)
class Period:
    """The days of the sample."""

    start: dt.date
    days: int


def addresses(rng: np.random.Generator, count: int) -> np.ndarray:
    """Clients: four of five IPv4, the others IPv6."""
    pool = [
        f"203.0.{n % 256}.{n // 256}" if n % 5 else f"2001:db8:{n:x}::1" for n in range(max(20, count // 8))
    ]
    return rng.choice(np.array(pool, dtype=object), count)


def true_records(rng: np.random.Generator, dataset: str, count: int, period: Period) -> Columns:
    """Columns of one dataset's records. `file_day` is the day whose file holds the record."""
    second = rng.integers(0, period.days * 86_400, count)
    access = dataset != "xml_errors"
    status = rng.choice(STATUSES if access else (500, 502, 503, 504), count)
    columns = {
        "second": second,
        "ip_address": addresses(rng, count),
        "device": _some(rng, rng.choice(np.array(AGENTS, dtype=object), count), 0.03)
        if access
        else np.full(count, None),
        "request_type": rng.choice(np.array(METHODS, dtype=object), count)
        if access
        else np.full(count, "ERROR", dtype=object),
        "status_code": status,
        "app_name": np.full(count, APPS[dataset], dtype=object)
        if access
        else rng.choice(np.array(SERVICES, dtype=object), count),
        "endpoint": _some(rng, rng.choice(np.array(ENDPOINTS, dtype=object), count), 0.01)
        if access
        else np.full(count, None),
        "message": np.full(count, None) if access else rng.choice(np.array(MESSAGES, dtype=object), count),
        "log_type": np.full(count, "access" if access else "error", dtype=object),
        "raw_format": np.full(count, FORMATS[dataset], dtype=object),
    }
    day = second // 86_400
    late = (rng.random(count) < LATE_SHARE) & (day + 1 < period.days)
    columns["file_day"] = day + late
    again = np.flatnonzero(rng.random(count) < REPEATED_SHARE)
    return {n: np.concatenate([c, c[again]]) for n, c in columns.items()}


def _some(rng: np.random.Generator, values: np.ndarray, share: float) -> np.ndarray:
    values[rng.random(len(values)) < share] = None
    return values
