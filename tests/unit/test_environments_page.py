"""The page of environments.toml names every setting of the models with its own default, and its example is one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.backup_settings import BackupSettings
from stacks.config import CrawlSettings, Settings, Source
from stacks.lineage_settings import LineageSettings
from stacks.principals import Analysts
from stacks.usage import Usage

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "environments.md").read_text("utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
OWN_WORDS = {
    "env": "the table's name",
    "retain_data": "as `protected`",
    "customer_key": "as `protected`",
    "usage": "all defaults",
}
SECTIONS = {
    "sources": Source,
    "analysts": Analysts,
    "backup": BackupSettings,
    "lineage": LineageSettings,
    "crawl": CrawlSettings,
    "usage": Usage,
}


def sections() -> dict[str, str]:
    """The text below each heading of a nested table; under "" the rest."""
    parts = re.split(r"^## (.+)$", TEXT, flags=re.MULTILINE)
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {
        "": "".join(text for name, text in named.items() if name not in SECTIONS),
        **{name: named[name] for name in SECTIONS},
    }


def default(name: str, field: FieldInfo) -> str:
    if name in OWN_WORDS:
        return OWN_WORDS[name]
    if field.is_required():
        return "required"
    match field.default:
        case None:
            return "none"
        case bool():
            return f"`{str(field.default).lower()}`"
        case str():
            return f'`"{field.default}"`'
        case tuple():
            return "`[]`"
        case _:
            return f"`{field.default}`"


@pytest.mark.parametrize(("section", "model"), [("", Settings), *SECTIONS.items()])
def test_every_setting_has_a_row_with_its_default_and_no_row_is_of_none(section: str, model: type[BaseModel]):
    shown = {name: given for name, _, given, _ in ROW.findall(sections()[section])}
    assert shown == {name: default(name, field) for name, field in model.model_fields.items()}
