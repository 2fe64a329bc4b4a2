"""What an erasure writes into raw brings no new file; what only says so is read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from shared.ingestion.store import REWRITTEN
from shared.ledger.model import FileStatus
from tests.support.ingest_rig import GOOD, NAMES, Rig, message, rig

KEY = "shop/events/a.ndjson"
LEFT = b"".join(GOOD.splitlines(True)[1:])


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        yield made


def rewritten(lake: Rig, content: bytes) -> FileStatus:
    """The outcome of the event that a content brings which says that an erasure wrote it."""
    put = lake.s3.put_object(Bucket=NAMES.bucket("raw"), Key=KEY, Body=content, Metadata={REWRITTEN: "true"})
    [outcome] = lake.deliver(message(KEY, put["VersionId"], "00000000000000FF"))
    assert outcome is not None
    return outcome.status


def test_the_event_of_a_rewritten_file_is_ignored_and_the_file_stays_accepted(lake: Rig) -> None:
    first = lake.arrive(KEY, GOOD)
    lake.ledger.note_rewritten(NAMES.bucket("raw"), KEY, hashlib.sha256(LEFT).hexdigest())
    assert rewritten(lake, LEFT) is FileStatus.IGNORED
    assert lake.ledger.pending("shop", "events") == [first]
    assert len(lake.objects("bronze")) == 1


def test_a_file_that_only_says_so_is_read_as_any_other(lake: Rig) -> None:
    lake.arrive(KEY, GOOD)
    lake.ledger.note_rewritten(NAMES.bucket("raw"), KEY, hashlib.sha256(b"another").hexdigest())
    assert rewritten(lake, LEFT) is FileStatus.ACCEPTED
    assert len(lake.objects("bronze")) == 2
