"""TPC-DS rows by DuckDB's extension, whose package exists for an older DuckDB than ours: both live apart, in
`.lake/tools`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local.errors import LakeError
from local.processes import run
from local.settings import HOME

DUCKDB = "1.5.5"  # the newest that the extension's package is built for
TOOL = HOME / "tools" / f"tpcds-{DUCKDB}"
PACKAGES = (f"duckdb=={DUCKDB}", f"duckdb-extension-tpcds=={DUCKDB}")
EXTENSION = f"duckdb_extension_tpcds/extensions/v{DUCKDB}/tpcds.duckdb_extension"
# On disk, so that memory does not grow with the scale.
_GENERATE = """
import sys, duckdb
extension, scale, out = sys.argv[1:]
limits = {"threads": 2, "memory_limit": "3GB", "temp_directory": out}
con = duckdb.connect(out + "/work.duckdb", config=limits)
con.execute(f"load '{extension}'")
con.execute(f"call dsdgen(sf={scale})")
for (name,) in con.execute("select table_name from duckdb_tables()").fetchall():
    con.execute(f"copy {name} to '{out}/{name}.parquet' (format parquet, compression snappy)")
"""
_QUERIES = """
import sys, json, duckdb
con = duckdb.connect()
con.execute(f"load '{sys.argv[1]}'")
json.dump(dict(con.execute("select query_nr, query from tpcds_queries()").fetchall()), sys.stdout)
"""


class DsdgenError(LakeError):
    """The generator cannot be had, or failed."""


def generate(scale: float, out: Path) -> None:
    """Writes `<table>.parquet` for the 24 tables at a scale factor. Raises DsdgenError."""
    out.mkdir(parents=True, exist_ok=True)
    _python(_GENERATE, f"{scale:g}", str(out))
    for left in out.glob("work.duckdb*"):
        left.unlink()


def queries() -> str:
    """JSON: number → SQL of the specification's 99 queries, in DuckDB's dialect."""
    return _python(_QUERIES)


def _python(program: str, *arguments: str) -> str:
    done = run(
        [sys.executable, "-c", program, _installed() / EXTENSION, *arguments],
        env={**os.environ, "PYTHONPATH": str(TOOL)},
    )
    if done.code:
        raise DsdgenError(
            f"DuckDB's dsdgen failed: {done.words()}",
            "see that memory and disk suffice for this --scale, then try again",
        )
    return done.output


def _installed() -> Path:
    """The folder of both packages, fetched once by uv."""
    if not (TOOL / EXTENSION).exists():
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "install",
            "--quiet",
            "--python",
            sys.executable,
            "--no-deps",
            "--target",
            str(TOOL),
        ]
        done = run([*command, *PACKAGES])
        if done.code or not (TOOL / EXTENSION).exists():
            raise DsdgenError(
                f"uv could not fetch {', '.join(PACKAGES)}; they are needed once, with a"
                f" network:\n{done.words()}",
                "connect to the network, then give the same command again",
            )
    return TOOL
