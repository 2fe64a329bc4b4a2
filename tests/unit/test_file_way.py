"""One file's way, as far as ledger and buckets tell it; the records of an accepted one: tests/console."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from cli.file_way import way_of
from local.session import Session
from shared.ledger.model import FileStatus, LedgerFile
from tests.support.moto_session import NAMES, moto_session

RAW, QUARANTINE = NAMES.bucket("raw"), NAMES.bucket("quarantine")
KEY = "shop/events/broken.csv"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    with moto_session(monkeypatch) as made:
        made.client("s3").create_bucket(Bucket=QUARANTINE)
        yield made


def refused(session: Session, detail: str, content: bytes = b"", version: str = "v1") -> None:
    session.client("s3").put_object(Bucket=QUARANTINE, Key=f"copy-{version}", Body=content)
    place = (RAW, KEY, version, "shop", "events", FileStatus.QUARANTINED)
    told = {"reason": "unparsable", "detail": detail, "written_at": f"2026-01-01T00:00:0{version[1]}+00:00"}
    stored = {"target_bucket": QUARANTINE, "target_key": f"copy-{version}"}
    session.ledger.commit(LedgerFile(*place, ingested_at="2026-01-01T00:00:09+00:00", **told, **stored))


def test_a_refused_file_has_its_reason_the_line_and_the_fix(session: Session) -> None:
    refused(session, "line 2 is another header", b"event_id,ts\nevent_id,ts\ne1,2026-01-01\n")
    way = way_of(session, KEY)
    assert way is not None
    assert (way.file.reason, way.line) == ("unparsable", (2, "event_id,ts"))
    assert way.help.startswith("The text is no complete JSON")
    assert (way.bad, way.earlier) == ((), ())


@pytest.mark.parametrize(
    ("detail", "content", "line"),
    [
        ("the XML is broken in line 3 (mismatched tag)", b"<a>\n<b>\n</a>", (3, "</a>")),
        ("the first in line 2: looks like latin-1", gzip.compress(b"a\nJ\xfcrgen\n"), (2, "J\ufffdrgen")),
        ("the first in line 2", gzip.compress(b"a\nb\n")[:-9], (2, "b")),
        ("the first in line 9", b"a\nb", None),
        ("no record is readable", b"a\nb", None),
    ],
)
def test_the_line_is_shown_that_a_refusal_names_where_it_can_be_read(
    session: Session, detail: str, content: bytes, line: tuple[int, str] | None
) -> None:
    refused(session, detail, content)
    way = way_of(session, KEY)
    assert way is not None
    assert way.line == line


def test_the_newest_version_comes_first_and_the_tables_that_it_reaches(session: Session) -> None:
    refused(session, "cut off", version="v1")
    refused(session, "cut off again", version="v2")
    way = way_of(session, KEY)
    assert way is not None
    assert way.file.detail == "cut off again"
    assert [file.detail for file in way.earlier] == ["cut off"]
    assert way.tables[0] == "silver.events"
    assert {"gold.daily_activity", "silver.users"}.isdisjoint(way.tables)
    assert any(table.startswith("gold.") for table in way.tables)


def test_nobody_knows_a_file_that_never_came(session: Session) -> None:
    assert way_of(session, "shop/events/never.csv") is None


def test_a_file_of_no_domain_has_its_verdict_and_no_table(session: Session) -> None:
    place = (RAW, "nobody/knows/it.csv", "v1", "nobody", "knows", FileStatus.QUARANTINED)
    session.ledger.commit(
        LedgerFile(*place, reason="unknown_dataset", ingested_at="2026-01-01T00:00:00+00:00")
    )
    way = way_of(session, "nobody/knows/it.csv")
    assert way is not None
    assert (way.file.reason, way.tables) == ("unknown_dataset", ())
