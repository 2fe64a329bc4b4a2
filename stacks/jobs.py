"""The Glue jobs: one per domain and stage, all from the same few scripts."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_glue as glue
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from shared.contracts import contract
from shared.contracts.people import identity_names
from shared.contracts.protection import HASH, protected
from shared.metrics import NAMESPACE
from shared.names import CHANGES, JOB_LOGS, MAINTENANCE, Names
from shared.project import PRODUCT
from shared.zones import archive_prefix, lineage_prefix
from stacks.access import OBJECTS, Access
from stacks.base import LakeStack
from stacks.config import Settings
from stacks.packaging import glue_archive
from stacks.protection import Protection
from stacks.wheels import Packages

CATALOG = "spark.sql.catalog.glue_catalog"
INGEST = "bronze-ingest"
COMPUTING = ("bronze-to-silver", "silver-to-gold")  # the stages that run a domain's own code


@dataclass(frozen=True)
class Code:
    """What a job runs: its entry script and the library of all jobs, both published with the stack under the
    hash of their content, and its domain's own packages.
    """

    scripts: dict[str, assets.Asset]
    library: assets.Asset
    packages: dict[str, Packages]

    @classmethod
    def of(cls, stack: LakeStack, stages: tuple[str, ...]) -> Code:
        scripts = {stage: PRODUCT / "glue_scripts" / f"{stage.replace('-', '_')}.py" for stage in stages}
        library = assets.Asset(
            stack, "Library", path=str(glue_archive(stack.lake.build_dir, stack.lake.domains))
        )
        return cls(
            {
                stage: assets.Asset(stack, f"Script-{stage}", path=str(path))
                for stage, path in scripts.items()
            },
            library,
            {domain: Packages.of(stack, domain) for domain in stack.lake.domains},
        )


class LakeJob(Construct):
    """The job of one domain and stage, and the role it runs under."""

    def __init__(self, stack: LakeStack, domain: str, stage: str, code: Code, protection: Protection) -> None:
        super().__init__(stack, f"{domain}-{stage}")
        self.name, script = stack.names.job(domain, stage), code.scripts[stage]
        access = Access(self, "Access", "glue.amazonaws.com", stack.names)
        GRANTS[stage](access, domain)
        if stage == INGEST and domain in stack.settings.sources:
            source = stack.settings.sources[domain]
            access.take_from(source.location, source.key_arn)
        if stage in COMPUTING and (receiver := stack.settings.lineage) and receiver.secret_name:
            access.read_secret(receiver.secret_name)
        protection.allow(access)
        packages = code.packages[domain] if stage in COMPUTING else Packages({})
        objects = [a.bucket.arn_for_objects(a.s3_object_key) for a in (script, code.library)]
        access.allow(["s3:GetObject"], [*objects, *packages.object_arns])
        s = stack.settings
        job = glue.CfnJob(
            self,
            "Job",
            name=self.name,
            description=f"{domain}: {stage.replace('-', ' ')}",
            role=access.role.role_arn,
            glue_version="6.0",
            worker_type="G.1X",
            number_of_workers=s.glue_workers,
            timeout=s.glue_timeout_minutes,
            execution_class="FLEX" if s.glue_flex else "STANDARD",
            job_run_queuing_enabled=not s.glue_flex,  # Flex waits for spare capacity by itself
            max_retries=0,  # the state machine decides what is tried again
            execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=1),
            security_configuration=protection.name,
            command=glue.CfnJob.JobCommandProperty(
                name="glueetl", python_version="3", script_location=script.s3_object_url
            ),
            default_arguments={
                **_arguments(stack.names, domain, code.library.s3_object_url),
                **_own_arguments(stage, s, domain),
                **(_lineage_arguments(s) if stage in COMPUTING else {}),
                **packages.arguments,
            },
        )
        job.node.add_dependency(access)
        protection.cover(job)


def _bronze_job(access: Access, domain: str) -> None:
    access.ingest([contract(domain)], f"{domain}/")
    access.publish_metrics(NAMESPACE)


def _silver_job(access: Access, domain: str) -> None:
    for zone in ("bronze", "silver", "quarantine"):
        access.read(zone, f"{domain}/")
    access.write("silver", f"{domain}/", delete=True)
    access.write("quarantine", f"{domain}/", delete=True)
    access.write("metrics", f"{domain}/")
    access.write_tables(domain, "silver")
    access.classify_columns()
    access.write_tables(domain, "quarantine")
    access.write_ledger()
    access.search_ledger()
    access.publish_metrics(NAMESPACE)
    # A replay copies what passes from quarantine to bronze, a copy that is needed after a correction gets its
    # content from the file that lost it; a copied object carries a producer's tags along.
    access.write("bronze", f"{domain}/")
    access.allow(
        ["s3:GetObjectTagging"], [f"{access.names.bucket_arn('quarantine')}/{domain}/*"], why=OBJECTS
    )
    access.allow(["s3:PutObjectTagging"], [f"{access.names.bucket_arn('bronze')}/{domain}/*"], why=OBJECTS)
    protects = any(HASH in protected(t).values() for t in contract(domain).silver)
    if protects or identity_names(contract(domain)):  # erased people are told by keyed hashes
        access.read_secret(access.names.hash_key)
    if any(d.archive for d in contract(domain).datasets):
        access.allow(["s3:DeleteObject"], [f"{access.names.bucket_arn('bronze')}/{domain}/*"], why=OBJECTS)
        access.read("bronze", archive_prefix(domain))
        access.write("bronze", archive_prefix(domain))
        bronze = access.names.bucket_arn("bronze")  # a copy carries a producer's tags along
        access.allow(
            ["s3:GetObjectTagging"],
            [f"{bronze}/{domain}/*", f"{bronze}/{archive_prefix(domain)}*"],
            why=OBJECTS,
        )
        access.allow(["s3:PutObjectTagging"], [f"{bronze}/{archive_prefix(domain)}*"], why=OBJECTS)


def _gold_job(access: Access, domain: str) -> None:
    access.read("silver", f"{domain}/")
    access.read("gold", f"{domain}/")
    access.write("silver", f"{domain}/{CHANGES}/", delete=True)
    access.write("gold", f"{domain}/", delete=True)
    access.write("metrics", lineage_prefix(domain))
    access.read_tables(domain, "silver")
    access.update_table(domain, "silver", CHANGES)
    access.see_lock(domain)
    access.write_tables(domain, "gold")


def _maintenance_job(access: Access, domain: str) -> None:
    access.see_lock(domain)
    for zone in ("silver", "gold", "quarantine"):
        access.read(zone, f"{domain}/")
        access.write(zone, f"{domain}/", delete=True)
        access.write_tables(domain, zone)


GRANTS = {
    "bronze-ingest": _bronze_job,
    "bronze-to-silver": _silver_job,
    "silver-to-gold": _gold_job,
    MAINTENANCE: _maintenance_job,
}


def _own_arguments(stage: str, settings: Settings, domain: str) -> dict[str, str]:
    match stage:
        case "bronze-ingest" if domain in settings.sources:
            source = settings.sources[domain]
            return {
                "--source": source.location,
                **({"--source_tables": ",".join(source.tables)} if source.tables else {}),
            }
        case "maintenance":
            return {"--snapshot_days": str(settings.snapshot_days)}
        case "bronze-to-silver" if settings.lake_formation:
            return {"--lake_formation": "true"}
        case "silver-to-gold":
            return {"--warehouse": str(settings.warehouse).lower()}
    return {}


def _lineage_arguments(settings: Settings) -> dict[str, str]:
    receiver = settings.lineage
    if receiver is None:
        return {}
    secret = {"--lineage_secret": receiver.secret_name} if receiver.secret_name else {}
    return {"--lineage_url": receiver.url, **secret}


def _arguments(names: Names, domain: str, library_url: str) -> dict[str, str]:
    """What every run gets; the state machine adds what is asked of the one run."""
    return {
        "--domain": domain,
        "--prefix": names.prefix,
        "--env": names.env,
        "--account": names.account,
        "--region": names.region,
        "--extra-py-files": library_url,
        "--custom-logGroup-prefix": f"{JOB_LOGS}{names.glue_logs}",
        "--datalake-formats": "iceberg",
        "--enable-auto-scaling": "true",
        "--conf": " --conf ".join(f"{k}={v}" for k, v in spark_conf(names).items()),
    }


def spark_conf(names: Names) -> dict[str, str]:
    """Iceberg's catalog is Glue's.

    No flag chooses a collector: Glue's own command line does, and a JVM does not start with two.
    """
    conf = {
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        CATALOG: "org.apache.iceberg.spark.SparkCatalog",
        f"{CATALOG}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{CATALOG}.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        f"{CATALOG}.warehouse": f"s3://{names.bucket('silver')}/",
        "spark.sql.session.timeZone": "UTC",
    }
    for process in ("driver", "executor"):
        conf[f"spark.{process}.extraJavaOptions"] = "-XX:-DontCompileHugeMethods"
    return conf
