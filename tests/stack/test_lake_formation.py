"""Where Lake Formation guards the catalog: registered locations, and tags from which grants follow."""

from __future__ import annotations

from typing import Any

from tests.stack.conftest import Assembly
from tests.support.rights import roles

ACCOUNT = "123456789012"
ZONES = ("bronze", "silver", "gold", "quarantine", "metrics")
DOMAINS = ("retail", "shop", "web")


def found(full: Assembly, kind: str) -> list[dict[str, Any]]:
    return [r["Properties"] for _, r in full.resources(f"AWS::LakeFormation::{kind}", "full")]


def location(domain: str, zone: str) -> str:
    return f"arn:aws:s3:::lakehouse-full-{zone}-{ACCOUNT}-us-east-1-an/{domain}"


def test_by_default_lake_formation_knows_nothing_of_an_environment(assembly: Assembly) -> None:
    assert not [
        r for t in assembly.stacks.values() for r in t["Resources"].values() if "LakeFormation" in r["Type"]
    ]


def test_every_place_of_tables_is_registered_with_a_role_that_reads_it(full: Assembly) -> None:
    registered = found(full, "Resource")
    buckets = {location("", zone).rstrip("/") for zone in ZONES}
    assert {r["ResourceArn"] for r in registered} == buckets
    assert {r["UseServiceLinkedRole"] for r in registered} == {False}
    [role] = [r for r in roles(full, "full") if "LocationsAccess" in r.place]
    objects = {r for s in role.statements if "s3:GetObject" in s["Action"] for r in s["Resource"]}
    assert objects == {f"{bucket}/*" for bucket in buckets}
    actions = {a for s in role.statements for a in s["Action"]}
    assert actions == {"s3:GetObject", "s3:ListBucket", "kms:Decrypt", "kms:GenerateDataKey"}


def test_tags_have_the_domains_zones_and_classifications_as_values(full: Assembly) -> None:
    tags = {t["TagKey"]: t["TagValues"] for t in found(full, "Tag")}
    assert tags == {
        "lakehouse-full-domain": list(DOMAINS),
        "lakehouse-full-zone": list(ZONES),
        "lakehouse-full-classification": ["confidential", "public"],
    }


def test_databases_are_tagged_and_silver_is_confidential_until_its_job_says_more(full: Assembly) -> None:
    tagged = {}
    for given in found(full, "TagAssociation"):
        database = given["Resource"]["Database"]["Name"].removeprefix("lakehouse_full_")
        tagged[database] = {t["TagKey"].rpartition("-")[2]: t["TagValues"] for t in given["LFTags"]}
    assert len(tagged) == 15
    assert tagged["shop_silver"] == {
        "domain": ["shop"],
        "zone": ["silver"],
        "classification": ["confidential"],
    }
    public = {d for d, t in tagged.items() if t["classification"] == ["public"]}
    assert public == {f"{d}_{z}" for d in DOMAINS for z in ("gold", "metrics")}


def test_databases_and_tags_are_of_a_stack_that_comes_before(full: Assembly) -> None:
    of = {
        p.split("/")[1]
        for kind in ("Tag", "Resource")
        for p, _ in full.resources(f"AWS::LakeFormation::{kind}")
    }
    tagged = {p.split("/")[1] for p, _ in full.resources("AWS::LakeFormation::TagAssociation")}
    assert of == {"catalog"}
    assert "catalog" not in tagged


def test_who_makes_tables_may_use_their_registered_place(full: Assembly) -> None:
    """Lake Formation Developer Guide, "Underlying data access control": DATA_LOCATION_ACCESS."""
    wanted, had = set(), set()
    for place, resource in full.resources("AWS::LakeFormation::PrincipalPermissions", "full"):
        given = resource["Properties"]
        who = place.rpartition("/")[0], str(given["Principal"])
        if "CREATE_TABLE" in given["Permissions"]:
            _, _, domain, zone = given["Resource"]["Database"]["Name"].split("_")
            wanted.add((*who, location(domain, zone)))
        if given["Permissions"] == ["DATA_LOCATION_ACCESS"]:
            had.add((*who, given["Resource"]["DataLocation"]["ResourceArn"]))
    assert wanted
    assert wanted <= had


def test_the_job_of_silver_alone_classifies_columns(full: Assembly) -> None:
    jobs = [j["Properties"] for _, j in full.resources("AWS::Glue::Job", "full")]
    told = {j["Name"] for j in jobs if j["DefaultArguments"].get("--lake_formation") == "true"}
    assert told == {f"lakehouse-full-{d}-bronze-to-silver" for d in DOMAINS}
    may = {
        r.place
        for r in roles(full, "full")
        for s in r.statements
        if "lakeformation:AddLFTagsToResource" in s["Action"]
    }
    assert len(may) == 3
    assert all("bronzetosilver" in place for place in may)
    tags = [p for p in found(full, "PrincipalPermissions") if "LFTag" in p["Resource"]]
    assert {(p["Resource"]["LFTag"]["TagKey"], *p["Permissions"]) for p in tags} == {
        ("lakehouse-full-classification", "ASSOCIATE", "DESCRIBE")
    }
    assert len(tags) == 3
