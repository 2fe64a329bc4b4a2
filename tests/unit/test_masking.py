"""What of records is hidden from whoever did not ask for it: the domain's contract says what is confidential."""

from __future__ import annotations

import pytest

from cli.masking import confidential_columns, masked_record
from shared.contracts import contract

EVENTS = contract("shop").dataset("events")


def test_confidential_columns_are_those_of_the_contract() -> None:
    assert {"email", "name"} <= confidential_columns(EVENTS.target)
    assert confidential_columns(EVENTS.target).isdisjoint({"event_id", "ts", "country"})


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (
            '{"event_id": "e1", "Country": "de", "email": "a@b.example"}',
            '{"event_id": "e1", "Country": "de", "email": "•••"}',
        ),
        ('{"E-Mail": "a@b.example", "uid": 7}', '{"E-Mail": "•••", "uid": 7}'),
        ('{"event_id": "e1", "surprise": "Ann"}', '{"event_id": "e1", "surprise": "•••"}'),
        ('{"event_id": {"email": "a@b.example"}}', '{"event_id": "•••"}'),
        ("e1,Ann,a@b.example", "•••"),
        ('{"event_id":', "•••"),
        ('["a@b.example"]', "•••"),
    ],
)
def test_what_is_or_may_be_confidential_is_hidden(raw: str, shown: str) -> None:
    assert masked_record(raw, EVENTS) == shown


def test_nothing_is_hidden_where_the_contract_has_nothing_confidential() -> None:
    lines = contract("shop").dataset("order_lines")
    assert not confidential_columns(lines.target)
    assert masked_record("o1;rubbish", lines) == "o1;rubbish"


def test_all_is_hidden_where_there_is_no_contract() -> None:
    assert masked_record('{"a": 1}', None) == "•••"
