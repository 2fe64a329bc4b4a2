"""What a job says when records were lost on the way; the load itself needs Spark (tests/engine)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from glue_scripts.engine.quarantine.record_counts import RecordsLostError, check_nothing_lost


def test_lost_records_are_told_with_what_was_changed_and_what_to_do() -> None:
    """The rows to be quarantined may be committed before the count is known."""
    files: list[Any] = [
        SimpleNamespace(entry=SimpleNamespace(key=f"shop/events/{n}.json", records=2)) for n in "ab"
    ]
    with pytest.raises(RecordsLostError, match="counted 4 records in 2 files, silver read 3") as error:
        check_nothing_lost(3, files)
    said = str(error.value)
    assert "nothing was committed" not in said
    assert all(
        part in said
        for part in (
            "silver table was not changed",
            "may stand in quarantine already",
            "shop/events/a.json",
            "Run again",
        )
    )
    check_nothing_lost(4, files)
