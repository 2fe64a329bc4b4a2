"""The example of docs/reference/environments.md is one that the product reads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from shared.contracts import domains
from stacks.config import Settings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "environments.md"
TEXT = PAGE.read_text("utf-8")


@pytest.mark.skipif(
    not {"ecommerce", "logs", "tpcds"} <= {*domains()}, reason="the example names three shipped domains"
)
def test_the_example_is_read_as_an_environments_toml():
    example = re.search(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    assert example is not None
    tables = tomllib.loads(example[1])
    assert [Settings(env=name, **table).env for name, table in tables.items()] == [
        "dev",
        "staging",
        "production",
    ]
