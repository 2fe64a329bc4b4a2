"""What a run reads, makes and how, in the words of OpenLineage: plain JSON, by the standard library alone.

Source: OpenLineage 2-0-2, and the versions of its facets in `facets.py` (https://openlineage.io/spec).
"""

from shared.lineage.columns import Lineage, Source, Use
from shared.lineage.datasets import JSON, folder, stored, symlink
from shared.lineage.events import RunId, event, new_run, run_of
from shared.lineage.facets import facet

__all__ = [
    "JSON",
    "Lineage",
    "RunId",
    "Source",
    "Use",
    "event",
    "facet",
    "folder",
    "new_run",
    "run_of",
    "stored",
    "symlink",
]
