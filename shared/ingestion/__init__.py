"""From an object of raw to its outcome: one code for the ingest function and for the bronze job, which takes what is too large for it."""

from shared.ingestion.figures import NOWHERE, figures
from shared.ingestion.ingest import BusyError, Ingest, judged, stored_name
from shared.ingestion.store import COPY, Store

__all__ = ["BusyError", "COPY", "Ingest", "NOWHERE", "Store", "figures", "judged", "stored_name"]
