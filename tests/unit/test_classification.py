"""Which columns Lake Formation hides: those that the contract calls confidential, and all that it does not name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from glue_scripts.engine.run.job import parsed_job
from glue_scripts.engine.run.session import Aws
from glue_scripts.engine.silver.classification import ClassificationError, classify
from shared.contracts import contract

TAG = "lakehouse-dev-classification"
ARGUMENTS = "--domain shop --prefix lakehouse --env dev --account 123456789012 --region us-east-1 --run_id r"


@pytest.fixture
def lake_formation(credentials: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("lakeformation")
        client.create_lf_tag(TagKey=TAG, TagValues=["confidential", "public"])
        yield client


def tags(client: Any, table: str, columns: list[str]) -> dict[str, list[str]]:
    of = {"DatabaseName": "lakehouse_dev_shop_silver", "Name": table, "ColumnNames": columns}
    found = client.get_resource_lf_tags(Resource={"TableWithColumns": of})["LFTagsOnColumns"]
    return {c["Name"]: c["LFTags"][0]["TagValues"] for c in found if c["LFTags"]}


def test_columns_are_tagged_as_the_contract_classifies_them_and_others_are_left_hidden(
    lake_formation: Any,
) -> None:
    job = parsed_job([*ARGUMENTS.split(), "--lake_formation", "true"])
    clients = Aws(None, None, None, lake_formation)  # type: ignore[arg-type]
    users = contract("shop").table("users")
    assert job.lake_formation
    for _ in range(2):  # the same again changes nothing
        classify(job, clients, users)
    found = tags(lake_formation, "users", ["email", "city", "_extra", "_source_file"])
    assert found == {"email": ["confidential"], "city": ["public"]}


def test_a_column_that_became_confidential_is_hidden_with_the_next_run(lake_formation: Any) -> None:
    job, clients = parsed_job(ARGUMENTS.split()), Aws(None, None, None, lake_formation)  # type: ignore[arg-type]
    users = contract("shop").table("users")
    classify(job, clients, users)
    hidden = tuple(replace(c, confidential=True) if c.name == "city" else c for c in users.columns)
    classify(job, clients, replace(users, columns=hidden))
    assert tags(lake_formation, "users", ["city"]) == {"city": ["confidential"]}


def test_what_lake_formation_refuses_fails_the_run_with_its_words() -> None:
    class Refusing:
        def add_lf_tags_to_resource(self, **_: Any) -> dict[str, Any]:
            error = {"ErrorCode": "AccessDeniedException", "ErrorMessage": "Insufficient permissions"}
            return {"Failures": [{"LFTag": {}, "Error": error}]}

    job, clients = parsed_job(ARGUMENTS.split()), Aws(None, None, None, Refusing())  # type: ignore[arg-type]
    with pytest.raises(ClassificationError, match="Insufficient permissions"):
        classify(job, clients, contract("shop").table("users"))
