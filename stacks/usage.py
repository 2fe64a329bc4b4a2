"""How much an environment is expected to be used: what `./lake cost` multiplies the prices with.

Nothing is provisioned from it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Amount = Annotated[float, Field(ge=0, le=1_000_000_000)]


class Usage(BaseModel):
    """One month, after `months_kept` months of it: what is stored by then is paid for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    received_gb: Amount = 1
    """New files in the raw bucket, all domains."""
    received_files: Amount = 1000
    """Their number. Where runs are scheduled a domain has as many a day as files, `runs_a_day` at most."""
    months_kept: Annotated[int, Field(ge=1, le=120)] = 3
    tables_share: Annotated[float, Field(ge=0, le=10)] = 0.5
    """Size of silver, and of gold, relative to what was received: Parquet with zstd of text."""
    ingest_seconds_per_file: Amount = 1
    large_file_runs_per_day: Amount = 0
    """Per domain: runs with a file too large for the ingest function, which have a bronze job first."""
    job_minutes: Amount = 5
    """Of one job of a run; a run has one for silver and one for gold."""
    job_dpus: Amount = 2
    """In use on average; auto-scaling stays below the job's maximum."""
    queried_tb: Amount = 0.01
    warehouse_hours: Amount = 0
    """In which Redshift works; it costs nothing idle."""
    log_gb: Amount = 1
