"""Files that must be quarantined as a whole, one of every kind, and good files under misleading names."""

from __future__ import annotations

import gzip
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LINE = b'{"event_id": "c%d", "user_id": "u1", "ts": "2026-01-01T00:00:00Z"}\n'
LINES = b"".join(LINE % i for i in range(200))


def corrupt_files(rng: np.random.Generator) -> dict[str, tuple[str, bytes]]:
    """Name → (reason for which it is quarantined, content)."""
    zipped = gzip.compress(LINES, mtime=0)
    spoiled = bytearray(zipped)
    spoiled[-8] ^= 0xFF
    table = io.BytesIO()
    pq.write_table(pa.table({"event_id": ["c1", "c2"], "ts": ["2026-01-01", "2026-01-02"]}), table)
    rubbish = b"".join(b"%%%% rubbish %d\n" % i for i in range(100))
    return {
        "truncated.ndjson.gz": ("corrupt_gzip", zipped[: len(zipped) // 2]),
        "bad_checksum.ndjson.gz": ("corrupt_gzip", bytes(spoiled)),
        "rubbish.csv": ("not_text", rng.integers(0, 256, 5000, dtype=np.uint8).tobytes()),
        "half.json": ("unparsable", b"[" + LINES.replace(b"\n", b",")[: len(LINES) // 2]),
        "empty.json": ("empty_file", b""),
        "blank.txt": ("empty_file", b"\n  \n\n"),
        "header_only.csv": ("empty_file", b"event_id,user_id,ts\n"),
        "no_footer.parquet": ("corrupt_parquet", table.getvalue()[:-12]),
        "twice.ndjson.gz.gz": ("nested_compression", gzip.compress(zipped, mtime=0)),
        "stranger.csv": ("no_known_column", b"width,height\n1,2\n3,4\n"),
        "mostly_rubbish.ndjson": ("too_many_unreadable", LINES + rubbish),
    }
