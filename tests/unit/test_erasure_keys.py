"""Nobody comes back because the environment's key of hashes changed, or because a row does not say whose it is."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from cli.erasure.objects import ErasureError
from cli.lint.gates import nameless_rows
from cli.verbs import forget
from glue_scripts.engine.silver.erased import erased_people
from glue_scripts.engine.silver.protection import HashKeyError
from local.errors import LakeError
from shared.contracts import contract
from shared.contracts.node import Node
from shared.contracts.odcs import parsed, read
from shared.contracts.people import unnamed_children
from shared.contracts.protection import key_mark
from tests.support.ingest_rig import NAMES, Rig, rig
from tests.support.protected_shop import properties, shop

U42 = ("user_id", "a" * 64)
NOW = "2026-03-01T10:00:00+00:00"


@pytest.fixture
def lake() -> Iterator[Rig]:
    with rig() as made:
        secrets = boto3.client("secretsmanager", region_name=NAMES.region)
        secrets.create_secret(Name=NAMES.hash_key, SecretString="present")
        yield made


def job(domain: str = "shop") -> Any:
    return SimpleNamespace(names=NAMES, domain=domain, contract=contract(domain))


def test_a_run_knows_people_who_were_erased_with_the_key_of_now(lake: Rig) -> None:
    assert erased_people(job(), lake.ledger) == frozenset()
    lake.ledger.remember_erased("shop", [U42], NOW, key_mark("present"))
    assert erased_people(job(), lake.ledger) == {U42}


def test_with_another_key_a_run_stops(lake: Rig) -> None:
    lake.ledger.remember_erased("shop", [U42], NOW, key_mark("former"))
    with pytest.raises(HashKeyError, match="shop: its erased people are known by hashes of another key"):
        erased_people(job(), lake.ledger)


def test_without_people_in_the_contract_no_key_is_read(lake: Rig) -> None:
    boto3.client("secretsmanager", region_name=NAMES.region).delete_secret(SecretId=NAMES.hash_key)
    lake.ledger.remember_erased("web", [U42], NOW, key_mark("former"))
    assert erased_people(job("web"), lake.ledger) == {U42}


def test_with_another_key_nobody_is_erased(lake: Rig) -> None:
    lake.ledger.remember_erased("shop", [U42], NOW, key_mark("former"))
    session: Any = SimpleNamespace(
        names=NAMES, ledger=lake.ledger, client=lambda name: boto3.client(name, region_name=NAMES.region)
    )
    with pytest.raises(ErasureError, match="people were erased with another key"):
        forget.erasure_of(session, "shop", {"user_id": frozenset({"u7"})})


def test_rows_of_a_persons_files_say_whose_they_are() -> None:
    assert unnamed_children(contract("shop")) == unnamed_children(contract("web")) == ()
    document = shop({})
    del properties(document, "order_lines")["user_id"]["customProperties"][0]  # identifies
    nameless = parsed(document, "shop.odcs.yaml")
    assert unnamed_children(nameless) == ("order_lines",)
    with pytest.raises(LakeError, match="order_lines: rows of the same files as a person's"):
        forget._check_children(nameless)
    [hint] = nameless_rows(nameless, read(Node("shop.odcs.yaml", "", document))[1])
    assert "do not say whose they are" in hint.reason
