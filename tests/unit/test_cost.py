"""The estimate of a month, against sums made by hand from the price list."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cli import cost as estimated
from cli.cost import Resources
from cli.verbs.cost import document
from local.errors import LakeError
from shared.contracts import Contract, contract
from stacks.prices import FILE, price_list
from stacks.usage import Usage

USAGE = Usage(
    received_gb=100,
    received_files=1_000_000,
    months_kept=12,
    job_minutes=30,
    job_dpus=4,
    queried_tb=3,
    large_file_runs_per_day=1,
)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def estimate(usage: Usage, *resources: dict[str, Any]) -> dict[str, Any]:
    template = {"Resources": {str(n): r for n, r in enumerate(resources)}}
    return document("x", Resources.in_templates([template]), usage, price_list())


def cost(usage: Usage, *resources: dict[str, Any]) -> dict[tuple[str, str], float]:
    found = estimate(usage, *resources)
    assert found["total_usd"] == pytest.approx(sum(p["usd"] for p in found["lines"]))
    return {(p["service"], p["what"]): round(p["usd"], 4) for p in found["lines"]}


def bucket(zone: str, cold_after: int | None = None, old_days: int = 30) -> dict[str, Any]:
    rules: list[dict[str, Any]] = [{"NoncurrentVersionExpiration": {"NoncurrentDays": old_days}}]
    if cold_after:
        rules.append({"Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": cold_after}]})
    return resource(
        "AWS::S3::Bucket", BucketNamePrefix=f"lakehouse-prod-{zone}", LifecycleConfiguration={"Rules": rules}
    )


def test_storage_pays_for_the_months_that_are_kept_by_the_bucket_s_own_lifecycle() -> None:
    found = cost(USAGE, bucket("raw", 60), bucket("silver"))
    assert found["S3", "raw, standard"] == 4.60  # 100 GB × 2 months × 0.023
    assert found["S3", "raw, infrequent access"] == 12.50  # 100 GB × 10 months × 0.0125
    assert found["S3", "silver, standard"] == 13.80  # 50 GB × 12 months × 0.023
    assert found["S3", "writes of files"] == 15.00  # a million files × 3 of PUT, COPY, LIST × 0.005 for 1,000
    assert found["S3", "reads of files"] == 2.00  # a million files × 5 of GET, HEAD × 0.0004 for 1,000
    young = cost(Usage(received_gb=100, months_kept=1), bucket("raw", 60))
    assert ("S3", "raw, infrequent access") not in young
    assert young["S3", "raw, standard"] == 2.30


def test_backups_count_128_kb_an_object_at_least_and_the_ledger_whole_each_day() -> None:
    rule = {"Lifecycle": {"DeleteAfterDays": 35}, "CopyActions": [{"Lifecycle": {"DeleteAfterDays": 7}}]}
    plan = resource("AWS::Backup::BackupPlan", BackupPlan={"BackupPlanRule": [rule]})
    found = cost(USAGE, plan)
    # 1,000,000 files × 128 kB are 122.07 GB, more than the 100 GB that came: × 12 months × 2 vaults × 0.05
    assert found["Backup", "raw"] == found["Backup", "bronze"] == 146.4844
    # 1,000,000 files × 3 kB × 12 months are 34.33 GB: × (35 + 7) backups × 0.1
    assert found["Backup", "ledger"] == 144.1956
    alone = cost(Usage(received_gb=100, received_files=10, months_kept=1), plan)
    assert alone["Backup", "raw"] == 10.0  # 100 GB × 2 vaults × 0.05


def test_files_that_a_table_no_longer_needs_are_paid_for_until_no_snapshot_and_no_old_version_has_them() -> (
    None
):
    kept = job("web", "maintenance", DefaultArguments={"--domain": "web", "--snapshot_days": "7"})
    found = cost(USAGE, bucket("silver", old_days=5), bucket("raw"), kept)
    # 50 GB a month × (7 of a snapshot + 3.5 until maintenance + 5 as old versions) / 30 × 0.023
    assert found["S3", "silver, replaced files"] == 0.5942
    assert ("S3", "raw, replaced files") not in found


def sixty_days(of: Contract) -> Contract:
    """A contract that keeps all its rows for 60 days."""
    return keeping(of, 60)


def keeping(of: Contract, days: int) -> Contract:
    short = (replace(d, target=replace(d.target, retention_days=days)) for d in of.datasets)
    return replace(of, datasets=tuple(short))


def test_what_leaves_by_the_contract_s_retention_is_not_paid_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agreed = {"web": sixty_days(contract("web")), "shop": contract("shop")}
    monkeypatch.setattr(estimated, "contract", agreed.__getitem__)
    vault = {"Lifecycle": {"DeleteAfterDays": 35}}
    made = [
        bucket("raw", 60),
        bucket("silver", old_days=5),
        resource("AWS::Backup::BackupPlan", BackupPlan={"BackupPlanRule": [vault]}),
        resource("AWS::RedshiftServerless::Workgroup", BaseCapacity=4),
        job("web", "maintenance", DefaultArguments={"--domain": "web", "--snapshot_days": "7"}),
    ]
    alone = cost(USAGE, *made)
    assert alone["S3", "raw, standard"] == 4.60  # 100 GB × 2 months × 0.023
    # Files go after 63 days, and 30 days later their old versions: 100 GB × (93 days - 2 months) × 0.0125
    assert alone["S3", "raw, infrequent access"] == 1.375
    assert alone["S3", "silver, standard"] == 2.9325  # 50 GB × (61 + 7 + 3.5 + 5) / 30 × 0.023
    assert alone["Backup", "raw"] == 19.9382  # 122.07 GB × (63 + 35) / 30 × 0.05
    assert alone["Redshift", "storage, a copy of gold"] == 2.44  # 50 GB × 61 days × 0.024
    both = cost(USAGE, *made, job("shop", "maintenance", DefaultArguments={"--domain": "shop"}))
    assert both["S3", "raw, infrequent access"] == 6.9375  # half for 10 months: shop keeps all


def test_what_leaves_before_it_would_move_never_moves_not_even_as_an_old_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(estimated, "contract", lambda domain: keeping(contract(domain), 40))
    found = cost(USAGE, bucket("raw", 60), job("web", "maintenance"))
    assert found["S3", "raw, standard"] == 5.5967  # 100 GB × (43 + 30) / 30 × 0.023
    assert ("S3", "raw, infrequent access") not in found


def test_a_secret_is_paid_for_each_month() -> None:
    assert cost(USAGE, resource("AWS::SecretsManager::Secret"))["Secrets Manager", "secrets"] == 0.4


def watch(runs_a_day: int) -> dict[str, Any]:
    bound = {"Variables": {"LAKE_RUNS_A_DAY": str(runs_a_day)}}
    return resource("AWS::Lambda::Function", FunctionName="l-prod-watch", MemorySize=512, Environment=bound)


def job(domain: str, stage: str, **properties: Any) -> dict[str, Any]:
    usual = {
        "NumberOfWorkers": 10,
        "WorkerType": "G.1X",
        "ExecutionClass": "STANDARD",
        "DefaultArguments": {"--domain": domain},
    }
    return resource("AWS::Glue::Job", Name=f"l-prod-{domain}-{stage}", **(usual | properties))


def timer(state: str, expression: str, of: str = "0") -> dict[str, Any]:
    """Of the function with a logical id."""
    return resource(
        "AWS::Scheduler::Schedule",
        State=state,
        ScheduleExpression=expression,
        Target={"Arn": {"Fn::GetAtt": [of, "Arn"]}},
    )


TWICE_A_DAY = (watch(2), timer("ENABLED", "rate(5 minutes)"))


def test_the_bronze_job_is_in_every_run_where_files_do_not_pass_the_ingest_function() -> None:
    delivered = job(
        "shop", "bronze-ingest", DefaultArguments={"--domain": "shop", "--source": "s3://partner/"}
    )
    found = cost(USAGE, *TWICE_A_DAY, job("retail", "bronze-ingest"), delivered, job("web", "bronze-ingest"))
    assert (
        found["Glue", "retail-bronze-ingest"] == 36.96
    )  # bronze keeps Parquet: 60 runs × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "shop-bronze-ingest"] == 36.96  # from a source location
    assert found["Glue", "web-bronze-ingest"] == 18.48  # 30 runs with large files


def test_glue_pays_for_dpu_hours_at_the_price_of_its_class_and_never_for_more_than_its_workers() -> None:
    standard = [job("web", stage) for stage in ("silver", "maintenance", "bronze-ingest")]
    flex = job("web", "gold", NumberOfWorkers=2, ExecutionClass="FLEX")
    found = cost(USAGE, *TWICE_A_DAY, *standard, flex)
    assert found["Glue", "web-bronze-ingest"] == 18.48  # 30 runs × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "web-silver"] == 36.96  # 60 runs × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "web-gold"] == 12.18  # 60 runs × 0.5 h × 2 DPU × 0.203, and nothing off that again
    assert found["Glue", "web-maintenance"] == 2.6796  # 4.35 Sundays × 0.5 h × 4 DPU × 0.308
    assert found["Step Functions", "transitions of web"] == 0.0322  # 64.35 × 20 / 1,000 × 0.025


def silver_runs(files: int, *resources: dict[str, Any]) -> float:
    """Runs in a month, by the bill of one job of an hour and a DPU."""
    usage = Usage(received_files=files, job_minutes=60, job_dpus=1)
    return round(
        cost(usage, *resources, job("shop", "silver"), job("web", "gold"))["Glue", "shop-silver"] / 0.308, 2
    )


def test_runs_are_those_of_the_setting_that_bounds_them_and_never_more_than_files() -> None:
    every_day = timer("ENABLED", "cron(0 2 * * ? *)") | {}
    every_day["Properties"] = {**every_day["Properties"], "Target": {"Arn": {"Ref": "2"}}}
    machine = resource("AWS::StepFunctions::StateMachine", StateMachineName="l-prod-shop")
    assert silver_runs(1_000_000, watch(24), timer("ENABLED", "rate(5 minutes)")) == 720  # 30 days × 24
    assert silver_runs(1_000_000, watch(3), timer("ENABLED", "rate(5 minutes)")) == 90
    assert silver_runs(100, watch(24), timer("ENABLED", "rate(5 minutes)")) == 50  # of two domains
    assert (
        silver_runs(1_000_000, watch(24), timer("DISABLED", "rate(5 minutes)")) == 30
    )  # by hand, once a day
    assert silver_runs(1_000_000, watch(24), timer("ENABLED", "rate(5 minutes)"), machine, every_day) == 750
    assert silver_runs(1_000_000, watch(24), timer("DISABLED", "rate(5 minutes)"), machine, every_day) == 30


def test_metrics_are_counted_from_the_contracts_and_paid_for_in_the_hours_in_which_they_have_values() -> None:
    found = cost(USAGE, watch(24), timer("ENABLED", "rate(5 minutes)"), job("web", "silver"))
    # 4 datasets × (2 with files + 4 with runs + 3 by the watch) + 4 jobs × 2 + gold's freshness = 45
    assert found["CloudWatch", "metrics of web"] == pytest.approx(45 * 0.3 - 24 * 0.3 * 10 / 730, abs=1e-4)
    seldom = Usage(received_files=73)
    found = cost(seldom, watch(1), timer("ENABLED", "rate(5 minutes)"), job("web", "silver"))
    assert found["CloudWatch", "metrics of web"] == 4.4359  # (8 × 73 / 730 + 24 × 30 / 730 + 13) × 0.30


def alarm(**dimensions: str) -> dict[str, Any]:
    named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return resource("AWS::CloudWatch::Alarm", Dimensions=named)


def test_each_domain_pays_for_its_own_and_its_part_of_what_all_share() -> None:
    """12.10 dollars are of all: two keys, queries and an alarm."""
    usage = Usage(received_gb=10, received_files=0, job_minutes=60, job_dpus=1, queried_tb=2, log_gb=0)
    own = [
        job("retail", "silver"),
        job("web", "silver"),
        alarm(Domain="web", Dataset="visits"),
        alarm(QueueName="q"),
    ]
    found = estimate(usage, *own, resource("AWS::Athena::WorkGroup"), *[resource("AWS::KMS::Key")] * 2)
    usd = {(p["domain"], p["what"]): round(p["usd"], 4) for p in found["lines"]}
    assert usd == {
        ("retail", "retail-silver"): 9.24,  # 30 runs × 1 h × 1 DPU × 0.308
        ("web", "web-silver"): 9.24,
        ("retail", "transitions of retail"): 0.0172,  # 34.35 × 20 / 1,000 × 0.025
        ("web", "transitions of web"): 0.0172,
        (None, "data scanned"): 10.0,
        ("web", "alarms of web"): 0.1,
        (None, "alarms"): 0.1,
        ("retail", "metrics of retail"): 0.2466,  # (3 datasets × 4 + 4 jobs × 2) × 30 of 730 hours × 0.30
        ("web", "metrics of web"): 0.2959,  # (4 datasets × 4 + 4 jobs × 2) × 30 of 730 hours × 0.30
        (None, "keys"): 2.0,
    }
    assert {
        domain: tuple(round(v, 4) for v in of.values()) for domain, of in found["domains"].items()
    } == {  # its own, with half of 12.10, and that for each of 5 GB
        "retail": (9.5038, 15.5538, 3.1108),
        "web": (9.6531, 15.7031, 3.1406),
    }
    assert round(found["total_usd"], 3) == 31.257
    assert round(found["usd_per_gb_received"], 4) == 3.1257
    assert estimate(Usage(received_gb=0))["usd_per_gb_received"] is None


def test_ingestion_pays_by_the_file() -> None:
    function = resource("AWS::Lambda::Function", FunctionName="lakehouse-prod-ingest", MemorySize=2048)
    table, trail = resource("AWS::DynamoDB::GlobalTable"), resource("AWS::CloudTrail::Trail")
    found = cost(USAGE, function, table, trail)
    assert found["Lambda", "ingest, time"] == 26.6668  # 1,000,000 × 1 s × 2 GB × 0.0000133334
    assert found["Lambda", "ingest, calls"] == 0.20
    assert found["DynamoDB", "writes"] == 12.50  # 20 units × 1,000,000 × 0.625 / 1,000,000
    assert found["CloudTrail", "data events"] == 8.00


def test_the_watch_pays_only_where_it_is_switched_on() -> None:
    function = resource("AWS::Lambda::Function", FunctionName="lakehouse-x-watch", MemorySize=512)

    assert (
        cost(USAGE, function, timer("ENABLED", "rate(5 minutes)"))["Lambda", "watch, time"] == 0.1168
    )  # 8,760 calls × 2 s × 0.5 GB
    assert ("Lambda", "watch, time") not in cost(USAGE, function, timer("DISABLED", "rate(5 minutes)"))
    both = cost(USAGE, function, timer("ENABLED", "rate(5 minutes)"), timer("ENABLED", "cron(0 5 ? * SUN *)"))
    assert both["Lambda", "watch, time"] == 0.1169  # 4.35 calls more


def test_the_crawl_pays_for_one_long_call_a_day_whatever_the_watch_does() -> None:
    function = resource(
        "AWS::Lambda::Function", FunctionName="lakehouse-x-crawl", MemorySize=256, Timeout=900
    )
    timers = [timer("ENABLED", "cron(30 0 * * ? *)"), timer("ENABLED", "rate(5 minutes)", of="1000")]
    assert (
        cost(USAGE, function, *timers)["Lambda", "crawl, time"] == 0.09
    )  # 30 calls × 900 s × 0.25 GB × 0.0000133334
    assert ("Lambda", "crawl, time") not in cost(USAGE, function, timer("DISABLED", "cron(30 0 * * ? *)"))


def test_a_function_that_nobody_priced_is_refused() -> None:
    with pytest.raises(LakeError, match="the function reports works"):
        cost(USAGE, resource("AWS::Lambda::Function", FunctionName="lakehouse-x-reports", MemorySize=256))


def test_what_an_environment_lacks_costs_nothing() -> None:
    assert {service for service, _ in cost(USAGE)} == {
        "S3",
        "CloudWatch",
    }  # files and metrics do not depend on a resource
    found = cost(Usage(queried_tb=3), resource("AWS::Athena::WorkGroup"))
    assert found["Athena", "data scanned"] == 15.00


def test_the_warehouse_pays_for_the_hours_it_works_and_endpoints_for_all() -> None:
    group = resource("AWS::RedshiftServerless::Workgroup", BaseCapacity=8)
    private = resource(
        "AWS::EC2::VPCEndpoint",
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.glue",
        SubnetIds=["a", "b"],
    )
    free = resource(
        "AWS::EC2::VPCEndpoint", VpcEndpointType="Gateway", ServiceName="com.amazonaws.us-east-1.s3"
    )
    found = cost(Usage(warehouse_hours=10), group, private, free)
    assert found["Redshift", "base capacity while it works"] == 30.00  # 8 RPU × 10 h × 0.375
    assert {what: usd for (service, what), usd in found.items() if service == "VPC"} == {
        "endpoint of glue": 14.60
    }  # 2 × 730 h × 0.01


def test_every_price_has_a_date_a_unit_and_the_page_it_was_read_on() -> None:
    found = json.loads(FILE.read_text())
    assert found["region"] == "us-east-1"
    assert found["as_of"] >= "2026-11-21"
    for name, price in found["prices"].items():
        assert price["usd"] > 0, name
        assert price["unit"], name
        assert price["source"].startswith("https://aws.amazon.com/"), name
