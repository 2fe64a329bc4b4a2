"""Files leave storage by their contract's retention, and no rule touches a table's files."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from glue_scripts.engine.run.job import Job
from glue_scripts.engine.silver.tombstones import tombstones_place
from local.synth import LOCAL_CONTEXT
from shared.contracts import Contract, contract
from shared.contracts.load import document
from shared.contracts.odcs import parsed
from shared.names import Names
from shared.zones import archive_key, bronze_key, quarantined_file_key
from stacks.file_retention import expiring_files
from tests.stack.conftest import ENVS, Assembly, read

ZONES = ("raw", "bronze", "silver", "gold", "quarantine", "metrics")
NAMES = Names("prod", "123456789012", "us-east-1")
KEPT = {  # days after their arrival: of rows, and three more
    "shop": {
        "events.ts": 10,
        "users_updates.updated_at": 30,
        "orders.placed_at": 5,
        "order_lines.placed_at": 7,
    },
    "web": {"logs.event_timestamp": 90},
    "retail": {},
}
WANTED = {
    "raw": {
        "shop/events/": 13,
        "shop/users/": 33,
        "shop/orders/": 10,  # the lines of orders come in the same files, and are kept longer
        "shop/order_lines/": 10,
        **{f"web/{d}/": 93 for d in ("ndjson", "json_gzip", "xml_errors")},
    }
}
WANTED["bronze"] = WANTED["raw"] | {f"archive/{place}": days for place, days in WANTED["raw"].items()}
# The rows of `web` have one place for the domain, and its files another.
WANTED["quarantine"] = {
    f"{place}files/": days for place, days in WANTED["raw"].items() if place.startswith("shop/")
} | {f"web/system/lambda/{d}/": 93 for d in ("ndjson", "json_gzip", "xml_errors")}


def kept(domain: str) -> Contract:
    agreed = copy.deepcopy(document(domain))
    others = [p for p in agreed.get("slaProperties", []) if p["property"] != "retention"]
    said = {"property": "retention", "unit": "d"}
    agreed["slaProperties"] = others + [
        {**said, "value": days, "element": element} for element, days in KEPT[domain].items()
    ]
    return parsed(agreed, domain)


def expiring(bucket: dict[str, Any]) -> dict[str, int]:
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {r["Status"] for r in rules} == {"Enabled"}
    return {r.get("Prefix", ""): r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}


@pytest.fixture(scope="module")
def promised(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """All environments of the tests' project, whose contracts say how long rows are kept."""
    import app

    folder = tmp_path_factory.mktemp("retention")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "contract", kept)
        app.build(context=LOCAL_CONTEXT, outdir=str(folder)).synth()
    return read(folder)


@pytest.mark.parametrize("env", ENVS)
def test_files_expire_where_their_datasets_stand_and_nowhere_else(promised: Assembly, env: str) -> None:
    for zone in ZONES:
        [bucket] = (
            r
            for _, r in promised.resources("AWS::S3::Bucket", env)
            if r["Properties"]["BucketNamePrefix"] == f"lakehouse-{env}-{zone}"
        )
        assert expiring(bucket) == WANTED.get(zone, {}), zone


@pytest.mark.parametrize("env", ENVS)
def test_maintenance_of_a_domain_that_keeps_rows_for_a_time_goes_on_with_a_run(
    promised: Assembly, env: str
) -> None:
    """Rows leave, and gold and the warehouse follow, although no file comes."""
    said = {
        r["Properties"]["StateMachineName"].rpartition("-")[2]: r["Properties"]["DefinitionSubstitutions"][
            "Retains"
        ]
        for _, r in promised.resources("AWS::StepFunctions::StateMachine", env)
    }
    assert said == {"shop": "true", "web": "true", "retail": "false"}


def places_of_tables(agreed: Contract) -> set[str]:
    """Where Iceberg keeps the files of every table of a domain, by the engine's own word."""
    job = Job(NAMES, agreed, "r")
    places = [job.location(t) for t in agreed.tables] + [job.changes_location]
    places += [tombstones_place(job, t)[1] for t in agreed.silver]
    places += [job.quarantine_location(d.name) for d in agreed.datasets]
    return {f"{place.removeprefix('s3://')}/" for place in places}


@pytest.mark.parametrize("domain", KEPT)
def test_no_rule_covers_a_place_of_a_table(domain: str) -> None:
    """Neither one above a table's place nor one below it."""
    agreed = kept(domain)
    for zone in ZONES:
        for rule in expiring_files(zone, [agreed]):
            covered = f"{NAMES.bucket(zone)}/{rule.prefix}"
            for place in places_of_tables(agreed):
                assert not place.startswith(covered), (place, covered)
                assert not covered.startswith(place), (place, covered)


def test_the_keys_that_files_have_are_covered() -> None:
    import datetime as dt

    day, now = dt.date(2026, 6, 1), dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    keys = {
        "raw": ["shop/events/2026/a.json", "web/ndjson/a"],
        "bronze": [
            bronze_key("shop", "events", day, "shop/events/a.json", "0" * 64),
            bronze_key("web", "ndjson", day, "web/ndjson/a", "0" * 64, "year_month_day"),
            archive_key("shop", "events", "shop/events/a.json", now, "r1"),
        ],
        "quarantine": [
            quarantined_file_key("shop/events/a.json", "v1"),
            quarantined_file_key("web/ndjson/a", "v1", "year_month_day"),
        ],
    }
    for zone, of_zone in keys.items():
        for key in of_zone:
            assert [p for p in WANTED[zone] if key.startswith(p)], key


def test_more_rules_than_a_bucket_takes_are_refused_at_synthesis(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [kept("shop")] * 124  # 4 datasets, each in bronze and in its archive
    with pytest.raises(ValueError, match="bronze: 992 datasets have a retention"):
        expiring_files("bronze", many)
    assert len(expiring_files("bronze", many[1:])) == 984


def test_without_a_retention_no_data_ever_expires() -> None:
    assert not [r for zone in ZONES for r in expiring_files(zone, [contract(d) for d in ("shop", "retail")])]
