"""`contract lint`: what the standard says and what we say, of all contracts at once and without a network."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli import standard
from cli.lint.domain import findings
from cli.verbs import checks
from shared.contracts import domains
from shared.contracts.odcs import parsed
from tests.support import shop_document

ROOT = Path(__file__).parents[2]


def shop() -> dict[str, Any]:
    document = shop_document.shop()
    query = "SELECT COUNT(*) FROM ${table} WHERE sale = ''"
    sale(document)["quality"] = [{"type": "sql", "query": query, "mustBe": 0}]
    return document


def sale(document: dict[str, Any]) -> dict[str, Any]:
    return document["schema"][1]["properties"][0]


def refusals(document: dict[str, Any]) -> list[str]:
    return [str(e) for e in standard.violations(document, "shop.odcs.yaml")]


@pytest.mark.parametrize("domain", domains())
def test_the_contracts_of_the_project_are_right(domain: str):
    assert [f for f in findings(domain) if not f.hint] == []


def test_the_standard_allows_a_right_document():
    assert refusals(shop()) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("id"), "(document): missing id"),
        (lambda d: d.update(owner="me"), "(document): the standard does not know 'owner' here"),
        (lambda d: d.update(version=1), "version: expected string, found 1"),
        (lambda d: d["schema"][0].pop("name"), "schema[0]: missing name"),
        (
            lambda d: sale(d).update(logicaltype="string", colour="red"),
            "schema[1].properties[0]: the standard does not know 'colour', 'logicaltype' here",
        ),
        (
            lambda d: sale(d).update(logicalType="text"),
            "schema[1].properties[0].logicalType: expected one of string, date, timestamp, time, number, integer,"
            " object, array, boolean; found 'text'",
        ),
        (
            lambda d: sale(d)["quality"][0].pop("mustBe"),
            "schema[1].properties[0].quality[0]: missing one of mustBe, mustNotBe, mustBeGreaterThan,"
            " mustBeGreaterOrEqualTo, mustBeLessThan, mustBeLessOrEqualTo, mustBeBetween, mustNotBeBetween",
        ),
    ],
)
def test_what_the_standard_does_not_allow_is_named_with_its_place(change: Any, message: str):
    document = shop()
    change(document)
    assert refusals(document) == [f"shop.odcs.yaml: {message}"]


def test_lint_refuses_what_only_our_parser_accepts():
    document = shop()
    sale(document)["logicaltype"] = "string"
    assert [t.name for t in parsed(document, "shop.odcs.yaml").tables] == ["sales"]
    assert refusals(document) == [
        "shop.odcs.yaml: schema[1].properties[0]: the standard does not know 'logicaltype' here"
    ]


def test_all_that_the_standard_does_not_allow_is_named_at_once_and_in_order():
    document = shop()
    document["version"] = 1
    document["schema"][0].pop("name")
    sale(document)["classification"] = ["confidential"]
    assert refusals(document) == [
        "shop.odcs.yaml: schema[0]: missing name",
        "shop.odcs.yaml: schema[1].properties[0].classification: expected string, found ['confidential']",
        "shop.odcs.yaml: version: expected string, found 1",
    ]


def test_a_misspelt_key_is_named_beside_another_error_of_its_place():
    document = shop()
    sale(document)["quality"][0].pop("mustBe")
    sale(document)["quality"][0]["severty"] = "error"
    assert refusals(document)[0].startswith(
        "shop.odcs.yaml: schema[1].properties[0].quality[0]: missing one of"
    )
    assert refusals(document)[1:] == [
        "shop.odcs.yaml: schema[1].properties[0].quality[0]: the standard does not know 'severty' here"
    ]


def test_lint_names_what_is_wrong_with_every_contract_of_a_project(tmp_path: Path):
    of_standard, ours = shop(), shop()
    of_standard["owner"] = "me"
    of_standard["schema"][1]["customProperties"][1]["value"] = "heap"
    ours["domain"] = "stop"
    for name, text in {
        "shop": yaml.safe_dump(of_standard),
        "shed": yaml.safe_dump(ours),
        "torn": "schema: [",
    }.items():
        folder = tmp_path / "domains" / name
        folder.mkdir(parents=True)
        (folder / "contract.odcs.yaml").write_text(text, "utf-8")
    (tmp_path / "environments.toml").write_bytes((ROOT / "environments.toml").read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "cli", "contract", "lint"],
        cwd=ROOT,
        env={**os.environ, "LAKE_PROJECT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    shown = [line.partition("domains/")[2] for line in done.stderr.splitlines() if "domains/" in line]
    assert shown[:3] == [
        "shed/contract.odcs.yaml:8: shed: domain: 'stop' stands in the folder of 'shed'; name both alike",
        "shop/contract.odcs.yaml:1: shop: the standard does not know 'owner' here",
        "shop/contract.odcs.yaml:27: shop.sales: customProperties.kind: 'heap' is not one of computed, files, keyed,"
        " latest, log, scd2",
    ]
    assert shown[3].startswith("torn/contract.odcs.yaml: torn: is not a YAML mapping: ")


def test_the_second_linter_runs_only_among_the_slow_tests():
    for own in (ROOT, ROOT / "tests" / "project"):
        assert checks.stages(own, slow=False)["contracts"][-2:] == ["contract", "lint"]
        assert checks.stages(own, slow=True)["contracts"][-3:] == ["contract", "lint", "--datacontract"]


def test_the_schema_is_the_one_whose_origin_is_noted():
    note = standard.SCHEMA.with_suffix(".txt").read_text("utf-8")
    assert hashlib.sha256(standard.SCHEMA.read_bytes()).hexdigest() in note
