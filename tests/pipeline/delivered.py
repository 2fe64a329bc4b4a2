"""A few small files for each domain of the tests, of every kind that calls AWS in a way of its own: more tables would take longer only."""

from __future__ import annotations

import gzip

EVENTS = b"""\
{"event_id": "e1", "user_id": "u1", "ts": "2026-01-01T10:00:00Z", "country": "de"}
{"event_id": "e2", "user_id": "u2", "ts": "2026-01-02T10:00:00Z", "email": "nobody"}
{"event_id":
{"event_id": "e3", "user_id": "u1", "ts": "2026-02-01T10:00:00Z", "age": 40}
{"event_id": "e4", "user_id": "u2", "ts": "2026-02-01T10:00:00Z", "age": 41}
{"event_id": "e5", "user_id": "u3", "ts": "2026-02-01T10:00:00Z", "age": 42}
{"event_id": "e6", "user_id": "u4", "ts": "2026-02-01T10:00:00Z", "age": 43}
{"event_id": "e7", "user_id": "u5", "ts": "2026-02-01T10:00:00Z", "age": 44}
{"event_id": "e8", "user_id": "u6", "ts": "2026-02-01T10:00:00Z", "age": 45}
{"event_id": "e9", "user_id": "u7", "ts": "2026-02-01T10:00:00Z", "age": 46}
"""
USERS = b"user_id,name,city,age,updated_at\nu1,Ann,Ulm,40,2026-01-01\nu1,Ann,Bonn,40,2026-01-02\nu2,Ben,Ulm,200,2026-01-01\n"
ACCESS = b"""\
{"timestamp": "2026-01-01T10:00:00Z", "ip": "10.0.0.1", "method": "GET", "status": 200, "endpoint": "/"}
{"timestamp": "2026-01-01T10:00:01Z", "ip": "10.0.0.x", "method": "GET", "status": 200, "endpoint": "/"}
"""
CALLS = (
    b'[{"timestamp": "2026-01-01T11:00:00Z", "ip": "::1", "method": "POST", "status": 201, "endpoint": "/a"}]'
)
ERRORS = b"<errors><e><errorTime>2026-01-01T12:00:00Z</errorTime><clientIp>10.0.0.2</clientIp><errorCode>503</errorCode></e></errors>"
SALES = b"1|100|1|2026-01-01|2|20.00|web|spring|\n2|101|2|2026-01-02|1|-5.00|store||\n"
CUT_OFF = gzip.compress(EVENTS)[:-4]

FILES = {
    "shop/events/events.ndjson": EVENTS,
    "shop/events/cut-off.json.gz": CUT_OFF,
    "shop/users/users.csv": USERS,
    "web/ndjson/access.ndjson": ACCESS,
    "web/json_gzip/api.json.gz": gzip.compress(CALLS),
    "web/xml_errors/errors.xml": ERRORS,
    "web/xml_errors/torn.xml": ERRORS[:-3],
    # Of customers that never come: gold is empty, and Iceberg takes back the file that it began.
    "retail/sales/sales.csv": SALES,
    "retail/sales/cut-off.csv.gz": CUT_OFF,
}
# They come when their originals have an outcome: which rights are used must not hang on whether two copies meet.
COPIES = {
    "shop/events/again.ndjson": EVENTS,
    "web/ndjson/again.ndjson": ACCESS,
    "retail/sales/again.csv": SALES,
}
