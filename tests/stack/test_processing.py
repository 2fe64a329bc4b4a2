"""Glue jobs and databases."""

from __future__ import annotations

import json

from shared.contracts import contracts
from shared.names import MAINTENANCE, STAGES, Names
from tests.stack.conftest import ENVS, Assembly

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
        assert properties["SecurityConfiguration"].endswith("-glue_"), place


def test_jobs_run_under_a_configuration_that_encrypts_all_that_glue_writes(
    assembly: Assembly,
) -> None:
    """It is in another stack, where the security rules do not look for it."""
    for env in ENVS:
        [(place, made)] = assembly.resources("AWS::Glue::SecurityConfiguration", env)
        assert place.startswith(f"{env}/processing/")
        encryption = made["Properties"]["EncryptionConfiguration"]
        assert encryption["CloudWatchEncryption"]["CloudWatchEncryptionMode"] == "SSE-KMS"
        assert encryption["JobBookmarksEncryption"]["JobBookmarksEncryptionMode"] == "CSE-KMS"
        [s3] = encryption["S3Encryptions"]
        assert s3["S3EncryptionMode"] == ("SSE-S3" if env == "dev" else "SSE-KMS")
        name = made["Properties"]["Name"]
        assert assembly.named("AWS::Glue::Job", "SecurityConfiguration", env) == {name}


def test_jobs_wait_for_capacity_and_scale(assembly: Assembly) -> None:
    for place, job in assembly.resources("AWS::Glue::Job"):
        properties = job["Properties"]
        flex = place.startswith("test/")  # spare capacity where nobody waits for the result
        assert (properties["ExecutionClass"], properties["JobRunQueuingEnabled"]) == (
            ("FLEX", False) if flex else ("STANDARD", True)
        ), place
        assert properties["DefaultArguments"]["--enable-auto-scaling"] == "true", place


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


def test_silver_reads_the_key_of_hashes_where_the_contract_identifies_people(assembly: Assembly) -> None:
    readers = {
        place.split("/")[-1].partition("Access")[0]
        for place, r in assembly.resources("AWS::IAM::ManagedPolicy", "dev")
        if "hash-key" in json.dumps(r["Properties"]["PolicyDocument"])
    }
    assert {name for name in readers if name.startswith("shop")} == {"shopbronzetosilver"}


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


def test_no_job_chooses_a_garbage_collector(assembly: Assembly) -> None:
    """Glue's driver has one on its command line; a JVM with two does not start."""
    for _, job in assembly.resources("AWS::Glue::Job"):
        assert "GC" not in job["Properties"]["DefaultArguments"]["--conf"]


def test_every_domain_has_a_database_per_zone(assembly: Assembly) -> None:
    databases = {
        r["Properties"]["DatabaseInput"]["Name"] for _, r in assembly.resources("AWS::Glue::Database", "dev")
    }
    assert databases == {
        NAMES.database(d, z) for d in DOMAINS for z in ("bronze", "silver", "gold", "quarantine", "metrics")
    }


def test_every_dataset_has_a_table_over_its_bronze_and_nothing_crawls(assembly: Assembly) -> None:
    for env in ("dev", "test", "prod"):
        assert list(assembly.resources("AWS::Glue::Crawler", env)) == []
    tables = [r["Properties"] for _, r in assembly.resources("AWS::Glue::Table", "dev")]
    inputs = {(t["DatabaseName"], t["TableInput"]["Name"]): t["TableInput"] for t in tables}
    assert set(inputs) == {
        *(
            (NAMES.database(c.domain, "bronze"), d.name)
            for c in contracts()
            for d in c.datasets
            if d.files_of is None  # order_lines reads the files of orders
        ),
        *((NAMES.database(d, "metrics"), "runs") for d in DOMAINS),
    }
    events = inputs[NAMES.database("shop", "bronze"), "events"]
    place = f"s3://{NAMES.bucket('bronze')}/shop/events/"
    assert events["StorageDescriptor"]["Location"] == place
    assert events["Parameters"]["storage.location.template"] == place + "event_date=${event_date}/"
    assert events["PartitionKeys"] == [{"Name": "event_date", "Type": "string"}]
    runs = inputs[NAMES.database("shop", "metrics"), "runs"]
    assert runs["Parameters"]["storage.location.template"] == (
        f"s3://{NAMES.bucket('metrics')}/shop/${{dataset}}/run_date=${{run_date}}/"
    )
    assert runs["Parameters"]["projection.dataset.values"] == ("events,users,transactions,orders,order_lines")
