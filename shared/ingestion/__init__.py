"""From an object of raw to its outcome: one code for the ingest function and for the bronze job, which takes
what is too large for it.
"""

from shared.ingestion.content_ownership import BusyError
from shared.ingestion.figures import file_figures
from shared.ingestion.ingest import Ingest
from shared.ingestion.reading import bronze_key_of
from shared.ingestion.store import COPY, Store

__all__ = [
    "BusyError",
    "COPY",
    "Ingest",
    "Store",
    "bronze_key_of",
    "file_figures",
]
