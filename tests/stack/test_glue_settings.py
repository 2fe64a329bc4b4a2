"""docs/reference/glue-settings.md lists what Glue jobs are told, all of it and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from glue_scripts.engine.run.session import SETTINGS
from local.spark import job_conf
from stacks.config import environments
from stacks.pipeline import DEFINITION
from tests.stack.conftest import ACCOUNT, REGION, Assembly

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "glue-settings.md"
# Of a domain that has some (test_glue_packages.py); the templates of the laptop install none.
OWN_PACKAGES = {"--packages", "--additional-python-modules", "--python-modules-installer-option"}
LINEAGE = {"url": "https://marquez.example.org/api/v1/lineage", "secret_name": "marquez/key"}
ROW = re.compile(r"^\| `([\w.-]+)` \| ([^|]+) \| (?:\[\w\]|ours|measured) \|$", re.MULTILINE)


def listed(title: str) -> set[str]:
    """The names in the table of a section, each with its reason and its source."""
    sections = re.split(r"^## (.+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    text = dict(zip(sections[1::2], sections[2::2], strict=True))[title]
    rows = ROW.findall(text)
    assert len(rows) == sum(line.startswith("|") for line in text.splitlines()) - 2, (
        "a row without its three parts"
    )
    return {name for name, _ in rows}


@pytest.fixture(scope="module")
def arguments(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    """Of the jobs of all environments, and of one with Lake Formation and a receiver of lineage, whose domain
    has a source.
    """
    import app

    folder = tmp_path_factory.mktemp("source")
    source = {"retail": {"location": "s3://public-copies/retail/", "tables": ["customer"]}}
    context = {"local": "true", "account": ACCOUNT, "region": REGION}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            environments(),
            "dev",
            {**environments()["dev"], "sources": source, "lake_formation": True, "lineage": LINEAGE},
        )
        app.build(["dev"], context=context, outdir=str(folder)).synth()
    (retail,) = folder.glob("assembly-dev/devdomainretail*.template.json")
    jobs = [r for _, r in assembly.resources("AWS::Glue::Job")]
    jobs += [r for r in json.loads(retail.read_text())["Resources"].values() if r["Type"] == "AWS::Glue::Job"]
    return [job["Properties"]["DefaultArguments"] for job in jobs]


def test_every_argument_of_a_job_has_its_reason(arguments: list[dict[str, str]]) -> None:
    assert listed("Arguments of the job") == {name for given in arguments for name in given} | OWN_PACKAGES


def test_every_spark_setting_of_a_job_has_its_reason(arguments: list[dict[str, str]]) -> None:
    assert listed("Spark settings of the job") == {
        n for given in arguments for n in job_conf(given["--conf"])
    }


def test_every_spark_setting_of_a_session_has_its_reason() -> None:
    assert listed("Spark settings of the session") == set(SETTINGS)


def test_every_argument_that_a_run_adds_has_its_reason() -> None:
    def added(value: Any) -> Iterator[str]:
        match value:
            case dict():
                yield from (name for name in value if name.startswith("--"))
                for inner in value.values():
                    yield from added(inner)

    assert listed("Arguments of one run") == set(added(json.loads(DEFINITION.read_text("utf-8"))))


def test_no_job_asks_spark_s_own_catalog(arguments: list[dict[str, str]]) -> None:
    """It would look for a database `default`, which no role may read."""
    assert [given for given in arguments if "--enable-glue-datacatalog" in given] == []
    assert {job_conf(given["--conf"])["spark.sql.catalog.glue_catalog"] for given in arguments} == {
        "org.apache.iceberg.spark.SparkCatalog"
    }
