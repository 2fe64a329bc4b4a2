"""What a readable record is: one definition for the ingest function and for the executors (Spark).

Memory is flat in file size.
"""

from shared.records.inspection import judge
from shared.records.reading import Record, records
from shared.records.verdict import Accepted, Late, Limits, Rejected, Unreadable

__all__ = ["Accepted", "Late", "Limits", "Record", "Rejected", "Unreadable", "judge", "records"]
