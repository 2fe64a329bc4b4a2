"""One name is one person: two tables of different people do not share it unseen."""

from __future__ import annotations

import pytest

from shared.contracts import ContractError
from shared.contracts.odcs import parsed
from shared.contracts.people import referring
from tests.support.protected_shop import Document, properties, shop


def a_row_for_each_person() -> Document:
    """The shop with two tables keyed by a person: users_updates, and transactions."""
    document = shop({})
    columns = properties(document, "transactions")
    for word in ("primaryKey", "primaryKeyPosition"):
        columns["user_id"][word] = columns["tx_id"].pop(word)
    columns["user_id"]["required"] = True
    return document


def test_two_tables_of_people_under_one_name_say_that_these_are_the_same() -> None:
    document = a_row_for_each_person()
    with pytest.raises(
        ContractError, match="user_id identifies a person here and in users_updates: the same"
    ):
        parsed(document, "shop.odcs.yaml")
    properties(document, "transactions")["user_id"]["relationships"] = [
        {"to": "silver_users_updates.user_id"}
    ]
    parsed(document, "shop.odcs.yaml")


def test_rows_that_refer_to_a_persons_by_a_key_alone_are_named() -> None:
    document = shop({})
    assert referring(parsed(document, "shop.odcs.yaml")) == ()
    lines = properties(document, "order_lines")
    lines["order_id"]["relationships"] = [{"to": "silver_orders.order_id"}]
    assert referring(parsed(document, "shop.odcs.yaml")) == ()  # they have the buyer, too
    del lines["user_id"]["customProperties"][0]
    assert referring(parsed(document, "shop.odcs.yaml")) == ("order_lines.order_id",)

    transactions = properties(document, "transactions")
    transactions["tx_id"]["relationships"] = [{"to": "silver_order_lines.order_id"}]
    del transactions["user_id"]["customProperties"]
    names = ("order_lines.order_id", "transactions.tx_id")
    assert sorted(referring(parsed(document, "shop.odcs.yaml"))) == [*names]
