"""Glue jobs, crawlers and databases."""

from __future__ import annotations

import fnmatch
import json

from shared.contracts import contracts
from shared.names import MAINTENANCE, STAGES, Names
from shared.zones import quarantined_file_key
from stacks.crawlers import all_but
from tests.stack.conftest import Assembly

NAMES = Names("dev", "123456789012", "us-east-1")
DOMAINS = [c.domain for c in contracts()]


def test_every_domain_has_one_job_per_stage_and_one_for_maintenance(assembly: Assembly) -> None:
    assert assembly.named("AWS::Glue::Job", "Name") == {
        NAMES.job(d, s) for d in DOMAINS for s in (*STAGES, MAINTENANCE)
    }
    assert len(list(assembly.resources("AWS::Glue::Job", "dev"))) == len(DOMAINS) * (len(STAGES) + 1)


def test_jobs_run_on_glue_6_once_at_a_time_and_are_retried_by_the_state_machine_only(
    assembly: Assembly,
) -> None:
    for place, job in assembly.resources("AWS::Glue::Job"):
        properties = job["Properties"]
        assert (properties["GlueVersion"], properties["WorkerType"]) == ("6.0", "G.1X"), place
        assert properties["MaxRetries"] == 0, place
        assert properties["ExecutionProperty"] == {"MaxConcurrentRuns": 1}, place
        assert properties["NumberOfWorkers"] >= 2, place
        assert properties["Timeout"] > 0, place
        assert properties["SecurityConfiguration"].endswith("-glue"), place


def test_jobs_wait_for_capacity_and_scale_and_are_observed(assembly: Assembly) -> None:
    for place, job in assembly.resources("AWS::Glue::Job"):
        properties = job["Properties"]
        flex = place.startswith("test/")  # spare capacity where nobody waits for the result
        assert (properties["ExecutionClass"], properties["JobRunQueuingEnabled"]) == (
            ("FLEX", False) if flex else ("STANDARD", True)
        ), place
        switched_on = ("--enable-auto-scaling", "--enable-metrics", "--enable-observability-metrics")
        assert {properties["DefaultArguments"][name] for name in switched_on} == {"true"}, place


def test_the_bronze_job_may_do_what_the_function_does_but_for_its_own_domain_only(assembly: Assembly) -> None:
    buckets = {zone: f"arn:aws:s3:::{NAMES.bucket(zone)}" for zone in ("raw", "bronze", "quarantine")}
    policies = {
        place.split("/")[-1]: r["Properties"]["PolicyDocument"]["Statement"]
        for place, r in assembly.resources("AWS::IAM::ManagedPolicy", "dev")
    }
    [statements] = [s for name, s in policies.items() if name.startswith("shopbronzeingest")]
    on_objects = {}
    for statement in statements:
        for resource in (
            statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        ):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if isinstance(resource, str) and resource.startswith(tuple(f"{b}/" for b in buckets.values())):
                on_objects.setdefault(resource, set()).update(a.removeprefix("s3:") for a in actions)
    written = {"PutObject", "AbortMultipartUpload", "PutObjectTagging"}
    assert on_objects == {
        f"{buckets['raw']}/shop/*": {
            "GetObject",
            "GetObjectVersion",
            "GetObjectTagging",
            "GetObjectVersionTagging",
        },
        f"{buckets['bronze']}/shop/*": written,
        f"{buckets['quarantine']}/shop/*": written,
    }


def test_of_the_ledger_the_gold_job_sees_its_own_lock_only(assembly: Assembly) -> None:
    policies = {
        place.split("/")[-1]: r["Properties"]["PolicyDocument"]["Statement"]
        for place, r in assembly.resources("AWS::IAM::ManagedPolicy", "dev")
    }
    [statements] = [s for name, s in policies.items() if name.startswith("shopsilvertogold")]
    allowed = [(s["Action"], s["Condition"]) for s in statements if "dynamodb" in str(s["Action"])]
    assert allowed == [
        ("dynamodb:GetItem", {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["lock#shop"]}})
    ]


def test_a_job_is_told_who_it_is_and_where_its_tables_are(assembly: Assembly) -> None:
    job = next(r["Properties"] for _, r in assembly.resources("AWS::Glue::Job", "dev"))
    arguments = job["DefaultArguments"]
    identity = {k: arguments[k] for k in ("--prefix", "--env", "--account", "--region")}
    assert identity == {
        "--prefix": "lakehouse",
        "--env": "dev",
        "--account": "123456789012",
        "--region": "us-east-1",
    }
    assert arguments["--domain"] in DOMAINS
    settings = dict(s.split("=", 1) for s in arguments["--conf"].split(" --conf "))
    assert settings["spark.sql.catalog.glue_catalog"] == "org.apache.iceberg.spark.SparkCatalog"
    assert settings["spark.sql.catalog.glue_catalog.warehouse"] == f"s3://{NAMES.bucket('silver')}/"
    assert settings["spark.sql.session.timeZone"] == "UTC"
    assert not [s for s in settings.values() if " " in s]  # a blank would end the option


def test_crawlers_look_at_each_dataset_of_what_is_schema_on_read(assembly: Assembly) -> None:
    zones = ("bronze", "quarantine", "metrics")
    assert assembly.named("AWS::Glue::Crawler", "Name") == {
        NAMES.crawler(d, z) for d in DOMAINS for z in zones
    }
    crawlers = {
        r["Properties"]["Name"]: r["Properties"] for _, r in assembly.resources("AWS::Glue::Crawler", "dev")
    }
    for contract in contracts():
        targets = [
            t["Path"] for t in crawlers[NAMES.crawler(contract.domain, "bronze")]["Targets"]["S3Targets"]
        ]
        assert targets == [
            f"s3://{NAMES.bucket('bronze')}/{contract.domain}/{d.name}/" for d in contract.datasets
        ]
        assert "Schedule" not in crawlers[NAMES.crawler(contract.domain, "bronze")]


def test_quarantine_crawlers_look_where_ingestion_puts_files(assembly: Assembly) -> None:
    crawlers = {
        r["Properties"]["Name"]: r["Properties"] for _, r in assembly.resources("AWS::Glue::Crawler", "dev")
    }
    for contract in contracts():
        crawler = crawlers[NAMES.crawler(contract.domain, "quarantine")]
        level = json.loads(crawler["Configuration"])["Grouping"]["TableLevelConfiguration"]
        for dataset, target in zip(contract.datasets, crawler["Targets"]["S3Targets"], strict=True):
            key = quarantined_file_key(f"{contract.domain}/{dataset.name}/a.csv", "v1", dataset.layout)
            assert f"s3://{NAMES.bucket('quarantine')}/{key}".startswith(target["Path"])
            assert level == len(target["Path"].removeprefix("s3://").rstrip("/").split("/"))


def test_no_job_chooses_a_garbage_collector(assembly: Assembly) -> None:
    """Glue's driver has one on its command line; a JVM with two does not start."""
    for _, job in assembly.resources("AWS::Glue::Job"):
        assert "GC" not in job["Properties"]["DefaultArguments"]["--conf"]


def test_the_quarantine_crawler_reads_reasons_not_the_unreadable_files() -> None:
    patterns = all_but(".reason.json")
    names = {
        "a.csv.reason.json": True,
        "a.csv": False,
        "a.json": False,
        "reason.json.gz": False,
        "season.json": False,
        "Xreason.json": False,
    }
    assert {n: not any(fnmatch.fnmatchcase(n, p) for p in patterns) for n in names} == names


def test_every_domain_has_a_database_per_zone(assembly: Assembly) -> None:
    databases = {
        r["Properties"]["DatabaseInput"]["Name"] for _, r in assembly.resources("AWS::Glue::Database", "dev")
    }
    assert databases == {
        NAMES.database(d, z) for d in DOMAINS for z in ("bronze", "silver", "gold", "quarantine", "metrics")
    }
