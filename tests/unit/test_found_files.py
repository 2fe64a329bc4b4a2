"""Files by what became of them and by key, the newest first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.found_files import Found, found_files
from local.session import Session
from shared.ledger.model import FileId, FileStatus, LedgerFile
from tests.support.moto_session import moto_session

RAW = "lakehouse-dev-raw-123456789012-us-east-1-an"


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, credentials: None) -> Iterator[Session]:
    with moto_session(monkeypatch) as made:
        yield made


def entered(session: Session, name: str, status: FileStatus, minute: int, run: str | None = None) -> None:
    key, _, dataset = f"shop/{name}", "", name.partition("/")[0]
    at = f"2026-01-01T00:{minute:02}:00+00:00"
    reason = "unparsable" if status is FileStatus.QUARANTINED else None
    session.ledger.commit(
        LedgerFile(RAW, key, "v1", "shop", dataset, status, ingested_at=at, processed_by=run, reason=reason)
    )


def names(found: Found) -> list[str]:
    return [file.key.removeprefix("shop/") for file in found.files]


@pytest.fixture
def files(session: Session) -> Session:
    entered(session, "events/old.csv", FileStatus.ACCEPTED, 1, "r1")
    entered(session, "events/new.csv", FileStatus.ACCEPTED, 5)
    entered(session, "users/bad.csv", FileStatus.QUARANTINED, 3)
    entered(session, "users/copy.csv", FileStatus.DUPLICATE, 4)
    entered(session, "events/Large.csv", FileStatus.DEFERRED, 2)
    session.ledger.claim(FileId(RAW, "shop/users/now.csv", "v1"), "worker")
    return session


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            "",
            [
                "users/now.csv",
                "events/new.csv",
                "users/copy.csv",
                "users/bad.csv",
                "events/Large.csv",
                "events/old.csv",
            ],
        ),
        ("accepted", ["events/new.csv", "events/old.csv"]),
        ("pending", ["events/new.csv"]),
        ("quarantined", ["users/bad.csv"]),
        ("duplicate", ["users/copy.csv"]),
        ("deferred", ["events/Large.csv"]),
        ("claimed", ["users/now.csv"]),
        ("unpacked", []),
    ],
)
def test_files_are_found_by_their_outcome(files: Session, outcome: str, expected: list[str]) -> None:
    found = found_files(files, "shop", ["events", "users"], outcome)
    assert names(found) == expected
    assert not found.more


def test_files_are_found_by_a_part_of_their_key_in_some_datasets(files: Session) -> None:
    assert names(found_files(files, "shop", ["events", "users"], "", "large")) == ["events/Large.csv"]
    assert names(found_files(files, "shop", ["users"], "", "/events/")) == []


def test_more_than_are_shown_are_said_and_not_read(files: Session) -> None:
    found = found_files(files, "shop", ["events", "users"], at_most=2)
    assert names(found) == ["users/now.csv", "events/new.csv"]
    assert found.more


def test_every_page_of_the_index_is_read_on(session: Session) -> None:
    for number in range(130):
        entered(session, f"events/{number:03}.csv", FileStatus.QUARANTINED, number % 60)
    found = found_files(session, "shop", ["events"], "quarantined", at_most=200)
    assert len(set(found.files)) == 130
    assert not found.more
