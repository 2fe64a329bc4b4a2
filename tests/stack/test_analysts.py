"""Analysts of a domain: a role that may ask, read gold and what is open of silver, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stacks.config import ConfigError, settings
from tests.stack.conftest import Assembly
from tests.stack.test_rights import faults
from tests.support.everything import PEOPLE, assembled
from tests.support.rights import Role, roles

GOLD = "arn:aws:s3:::lakehouse-full-gold-123456789012-us-east-1-an"
SILVER = "arn:aws:s3:::lakehouse-full-silver-123456789012-us-east-1-an"
RESULTS = "arn:aws:s3:::lakehouse-full-results-123456789012-us-east-1-an"
GLUE = "arn:aws:glue:us-east-1:123456789012:"


@pytest.fixture(scope="module")
def by_iam(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return assembled(tmp_path_factory.mktemp("iam"), lake_formation=None)


def analysts(assembly: Assembly, domain: str) -> Role:
    [found] = [r for r in roles(assembly, "full") if f"{domain}analysts" in r.place]
    return found


def granted(role: Role, service: str) -> dict[str, set[str]]:
    """By action of a service: the resources."""
    found: dict[str, set[str]] = {}
    for statement in role.statements:
        for action in (a for a in statement["Action"] if a.startswith(f"{service}:")):
            found.setdefault(action, set()).update(statement["Resource"])
    return found


def permissions(assembly: Assembly, part: str) -> list[dict[str, Any]]:
    return [
        p["Properties"]
        for place, p in assembly.resources("AWS::LakeFormation::PrincipalPermissions", "full")
        if part in place
    ]


def test_nobody_is_an_analyst_by_default(assembly: Assembly) -> None:
    for env in ("dev", "test", "prod"):
        assert not [r for r in roles(assembly, env) if "analysts" in r.place]
        assert len(list(assembly.resources("AWS::Athena::WorkGroup", env))) == 1


def test_the_role_trusts_the_people_that_are_named_and_has_a_name(full: Assembly) -> None:
    found = {
        r["Properties"]["RoleName"]: r["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for p, r in full.resources("AWS::IAM::Role", "full")
        if "analysts" in p
    }
    trusted = {name: [s["Principal"] for s in statements] for name, statements in found.items()}
    assert trusted == {
        "lakehouse-full-shop-analysts": [{"AWS": PEOPLE}],
        "lakehouse-full-web-analysts": [{"AWS": "arn:aws:iam::123456789012:root"}],
    }


def test_they_ask_in_a_workgroup_of_their_own_with_the_limits_of_all(full: Assembly) -> None:
    groups = {
        g["Properties"]["Name"]: g["Properties"]["WorkGroupConfiguration"]
        for _, g in full.resources("AWS::Athena::WorkGroup", "full")
    }
    theirs, everybody = groups["lakehouse-full-shop-analysts"], groups["lakehouse-full-athena"]
    place = "s3://lakehouse-full-results-123456789012-us-east-1-an/"
    assert everybody["ResultConfiguration"].pop("OutputLocation") == place
    assert theirs["ResultConfiguration"].pop("OutputLocation") == f"{place}shop-analysts/"
    assert theirs == everybody
    [group] = granted(analysts(full, "shop"), "athena")["athena:StartQueryExecution"]
    assert group == "arn:aws:athena:us-east-1:123456789012:workgroup/lakehouse-full-shop-analysts"
    reports = [
        q["Properties"]["Name"]
        for _, q in full.resources("AWS::Athena::NamedQuery", "full")
        if q["Properties"]["WorkGroup"] == "lakehouse-full-shop-analysts"
    ]
    assert reports
    assert all(name.startswith("shop: ") for name in reports)


def test_they_write_results_below_their_own_folder_and_nothing_else(full: Assembly) -> None:
    for domain in ("shop", "web"):
        written = granted(analysts(full, domain), "s3")
        assert written["s3:PutObject"] == {f"{RESULTS}/{domain}-analysts/*"}
        assert not {"s3:DeleteObject", "s3:DeleteObjectVersion"} & written.keys()
        changing = ("Create", "Update", "Delete", "Batch")
        assert not [a for a in granted(analysts(full, domain), "glue") if a[5:].startswith(changing)]


def test_by_iam_they_read_gold_and_of_silver_the_tables_without_a_confidential_column(
    by_iam: Assembly,
) -> None:
    """order_lines is the only such table of silver of the shop; web's analysts asked for gold alone."""
    shop, web = analysts(by_iam, "shop"), analysts(by_iam, "web")
    own = {f"{RESULTS}/shop-analysts/*"}
    assert granted(shop, "s3")["s3:GetObject"] - own == {f"{GOLD}/shop/*", f"{SILVER}/shop/order_lines/*"}
    database = "lakehouse_full_shop"
    assert granted(shop, "glue")["glue:GetTable"] == {
        f"{GLUE}catalog",
        f"{GLUE}database/{database}_gold",
        f"{GLUE}table/{database}_gold/*",
        f"{GLUE}database/{database}_silver",
        f"{GLUE}table/{database}_silver/order_lines",
    }
    assert granted(web, "s3")["s3:GetObject"] == {f"{GOLD}/web/*", f"{RESULTS}/web-analysts/*"}
    assert not granted(shop, "lakeformation")


def test_where_lake_formation_guards_they_read_no_object_of_tables_by_themselves(full: Assembly) -> None:
    shop = analysts(full, "shop")
    assert granted(shop, "s3")["s3:GetObject"] == {f"{RESULTS}/shop-analysts/*"}
    assert granted(shop, "lakeformation") == {"lakeformation:GetDataAccess": {"*"}}


def test_lake_formation_lends_them_gold_and_the_public_columns_of_silver(full: Assembly) -> None:
    found = set()
    for given in permissions(full, "shopanalysts"):
        policy = given["Resource"]["LFTagPolicy"]
        tags = frozenset(
            (t["TagKey"].removeprefix("lakehouse-full-"), *t["TagValues"]) for t in policy["Expression"]
        )
        found.add((policy["ResourceType"], tags, tuple(given["Permissions"])))
        assert given["PermissionsWithGrantOption"] == []
    shop, gold, silver = ("domain", "shop"), ("zone", "gold"), ("zone", "silver")
    public = ("classification", "public")
    assert found == {
        ("DATABASE", frozenset({shop, gold}), ("DESCRIBE",)),
        ("TABLE", frozenset({shop, gold}), ("SELECT", "DESCRIBE")),
        ("DATABASE", frozenset({shop, silver}), ("DESCRIBE",)),
        ("TABLE", frozenset({shop, silver, public}), ("SELECT", "DESCRIBE")),
    }
    assert {
        t["TagValues"][0]
        for given in permissions(full, "webanalysts")
        for t in given["Resource"]["LFTagPolicy"]["Expression"]
    } == {"web", "gold"}


def test_every_grant_of_all_options_is_one_that_aws_knows(full: Assembly, by_iam: Assembly) -> None:
    for assembly in (full, by_iam):
        found = [(r.place, f) for r in roles(assembly, "full") for s in r.statements for f in faults(s)]
        assert found == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"analysts": {"shopp": {"principals": ["123456789012"]}}}, "has no shopp; it has retail, shop, web"),
        (
            {"analysts": {"shop": {"principals": []}}},
            r"analysts\.shop\.principals: Tuple should have at least 1",
        ),
        ({"analysts": {"shop": {"principals": ["*"]}}}, "String should match pattern"),
        (
            {"analysts": {"shop": {"principals": ["123456789012"], "bronze": True}}},
            "allowed: principals, silver",
        ),
    ],
)
def test_wrong_analysts_are_refused_with_what_is_allowed(
    given: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=said):
        settings("dev", **given)
