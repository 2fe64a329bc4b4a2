"""The estimate of a month, against sums made by hand from the price list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli.cost import Resources, lines
from cli.verbs.cost import document
from local.errors import LakeError
from stacks.prices import FILE, price_list
from stacks.usage import Usage

USAGE = Usage(
    received_gb=100,
    received_files=1_000_000,
    months_kept=12,
    runs_per_day=2,
    job_minutes=30,
    job_dpus=4,
    queried_tb=3,
    large_file_runs_per_day=1,
)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def cost(usage: Usage, *resources: dict[str, Any]) -> dict[tuple[str, str], float]:
    template = {"Resources": {str(n): r for n, r in enumerate(resources)}}
    priced = price_list()
    found = document("x", lines(Resources.in_templates([template]), usage), priced, {})
    assert found["total_usd"] == pytest.approx(sum(p["usd"] for p in found["lines"]))
    return {(p["service"], p["what"]): round(p["usd"], 4) for p in found["lines"]}


def bucket(zone: str, cold_after: int | None = None) -> dict[str, Any]:
    rules = (
        [{"Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": cold_after}]}]
        if cold_after
        else [{}]
    )
    return resource(
        "AWS::S3::Bucket", BucketNamePrefix=f"lakehouse-prod-{zone}", LifecycleConfiguration={"Rules": rules}
    )


def test_storage_pays_for_the_months_that_are_kept_by_the_bucket_s_own_lifecycle() -> None:
    found = cost(USAGE, bucket("raw", 60), bucket("silver"))
    assert found["S3", "raw, standard"] == 4.60  # 100 GB × 2 months × 0.023
    assert found["S3", "raw, infrequent access"] == 12.50  # 100 GB × 10 months × 0.0125
    assert found["S3", "silver, standard"] == 13.80  # 50 GB × 12 months × 0.023
    young = cost(Usage(received_gb=100, months_kept=1), bucket("raw", 60))
    assert ("S3", "raw, infrequent access") not in young
    assert young["S3", "raw, standard"] == 2.30


def job(domain: str, stage: str, **properties: Any) -> dict[str, Any]:
    usual = {
        "NumberOfWorkers": 10,
        "WorkerType": "G.1X",
        "ExecutionClass": "STANDARD",
        "DefaultArguments": {"--domain": domain},
    }
    return resource("AWS::Glue::Job", Name=f"l-prod-{domain}-{stage}", **(usual | properties))


def test_the_bronze_job_is_in_every_run_where_files_do_not_pass_the_ingest_function() -> None:
    delivered = job(
        "shop", "bronze-ingest", DefaultArguments={"--domain": "shop", "--source": "s3://partner/"}
    )
    found = cost(USAGE, job("retail", "bronze-ingest"), delivered, job("web", "bronze-ingest"))
    assert (
        found["Glue", "retail-bronze-ingest"] == 36.96
    )  # bronze keeps Parquet: 60 runs × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "shop-bronze-ingest"] == 36.96  # from a source location
    assert found["Glue", "web-bronze-ingest"] == 18.48  # 30 runs with large files


def test_glue_pays_for_dpu_hours_at_the_price_of_its_class_and_never_for_more_than_its_workers() -> None:
    machine = resource("AWS::StepFunctions::StateMachine")
    standard = [job("web", stage) for stage in ("silver", "maintenance", "bronze-ingest")]
    found = cost(USAGE, *standard, job("web", "gold", NumberOfWorkers=2, ExecutionClass="FLEX"), machine)
    assert found["Glue", "web-bronze-ingest"] == 18.48  # 30 runs × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "web-silver"] == 36.96  # 60 runs × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "web-gold"] == 17.40  # 60 runs × 0.5 h × 2 DPU × 0.29
    assert found["Glue", "web-maintenance"] == 2.6796  # 4.35 Sundays × 0.5 h × 4 DPU × 0.308
    assert found["Glue", "bronze crawlers, one start a run"] == 8.80  # 60 × 2 DPU × 10 min × 0.44
    assert found["Step Functions", "transitions"] == 0.03  # 60 × 20 / 1,000 × 0.025


def test_ingestion_pays_by_the_file() -> None:
    function = resource("AWS::Lambda::Function", FunctionName="lakehouse-prod-ingest", MemorySize=2048)
    table, trail = resource("AWS::DynamoDB::GlobalTable"), resource("AWS::CloudTrail::Trail")
    found = cost(USAGE, function, table, trail)
    assert found["Lambda", "ingest, time"] == 26.6668  # 1,000,000 × 1 s × 2 GB × 0.0000133334
    assert found["Lambda", "ingest, calls"] == 0.20
    assert found["DynamoDB", "writes"] == 12.50  # 20 units × 1,000,000 × 0.625 / 1,000,000
    assert found["CloudTrail", "data events"] == 6.00


def timer(state: str, expression: str, of: str = "0") -> dict[str, Any]:
    """Of the function with a logical id."""
    return resource(
        "AWS::Scheduler::Schedule",
        State=state,
        ScheduleExpression=expression,
        Target={"Arn": {"Fn::GetAtt": [of, "Arn"]}},
    )


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
