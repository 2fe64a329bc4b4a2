"""What holds for every domain of the project, whoever wrote it."""

from __future__ import annotations

import ast
import sys
from importlib import metadata
from pathlib import Path

import pytest

from glue_scripts.engine.gold.tables import check_complete
from glue_scripts.engine.gold.transforms import transforms_of
from shared.contracts import contract, domains
from shared.project import domain_folder
from stacks.wheels import pinned
from tests.support.imports import imported

# What Glue has at hand, beside Python's own library and the domain's own modules (stacks/glue-6.0.txt).
AT_HAND = ("pyspark", "numpy", "pyarrow", "pandas")
ENGINE = "glue_scripts.engine.gold"
REGISTERED = "shared.spellings"


def packed(domain: str) -> list[Path]:
    """The files of a domain that go to Glue."""
    folder = domain_folder(domain)
    laptop_only = {"sample", "tests"}
    return [p for p in folder.rglob("*.py") if not laptop_only & set(p.relative_to(folder).parts)]


@pytest.mark.parametrize("domain", domains())
def test_every_gold_table_has_a_rule_and_every_rule_a_table(domain: str) -> None:
    check_complete(contract(domain).gold, transforms_of(domain))
    computed = tuple(t for t in contract(domain).silver if t.kind == "computed")
    if computed:
        check_complete(computed, transforms_of(domain, "SILVER"))


@pytest.mark.parametrize("domain", domains())
def test_what_runs_on_glue_imports_what_transforms_may_use_only(domain: str) -> None:
    own = {pin.partition("==")[0] for pin in pinned(domain).split(",")}
    locked = {m for m, of in metadata.packages_distributions().items() if own & {d.lower() for d in of}}
    foreign = {
        f"{file.name}: {module}"
        for file in packed(domain)
        for module in imported(ast.parse(file.read_text("utf-8")))
        if module not in (ENGINE, REGISTERED)
        and not module.startswith(f"domains.{domain}.")
        and module.partition(".")[0] not in (*AT_HAND, *locked, *sys.stdlib_module_names)
    }
    assert foreign == set()


@pytest.mark.parametrize("domain", domains())
def test_a_domain_says_in_one_page_what_it_is(domain: str) -> None:
    page = (domain_folder(domain) / "README.md").read_text("utf-8")
    assert page.startswith("# ")
    assert len(page.splitlines()) <= 120
