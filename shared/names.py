"""The name of every resource that people, policies, jobs and the laptop refer to; built once, from four
values, without a lookup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DATA_ZONES = ("raw", "bronze", "silver", "gold", "quarantine", "metrics")
RESULTS = "results"
WORKGROUP = "athena"
MAINTENANCE = "maintenance"
WAREHOUSE = "warehouse"
STATEFUL = ("storage", "catalog", WAREHOUSE)  # the stacks that hold what must not be lost
# The stacks that all domains share, but for the warehouse; a domain has one of its own (`domain_stack`).
SHARED_STACKS = (
    "storage",
    "catalog",
    "ingestion",
    "orchestration",
    "processing",
    "monitoring",
    "analytics",
)
DOMAIN_STACK = "domain-"
WAREHOUSE_DATABASE = "lake"
WAREHOUSE_ADMIN = "lake_admin"
# silver's list of what gold has not followed yet: written by the one job, settled by the other
CHANGES = "run_changes"
# Queues of what nobody could handle; the crawler's is there only where an environment names a web API.
INGEST_LETTERS = "ingest-dlq"
# Where the services that choose names of log groups themselves begin them; ours have a name of the
# environment's behind it, and its retention by lambdas/watch.
JOB_LOGS, WAREHOUSE_LOGS = "/aws-glue/", "/aws/redshift/"
WATCH_LETTERS, ALERT_LETTERS = "watch-dlq", "alerts-dlq"  # hold events of runs, with what they failed of
DEAD_LETTERS = (INGEST_LETTERS, WATCH_LETTERS, "crawl-dlq", ALERT_LETTERS)
# How the names of regions begin, by partition; all others are of `aws` (botocore's partitions.json).
PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}
STAGES = ("bronze-ingest", "bronze-to-silver", "silver-to-gold")
DOMAIN_JOBS = (*STAGES, MAINTENANCE)


def domain_stack(domain: str) -> str:
    """The stack of a domain, by its short name: no shared one is called so, and no two domains have the same,
    as none has a hyphen in it (CloudFormation takes no underscores).
    """
    return f"{DOMAIN_STACK}{domain.replace('_', '-')}"


def partition_of(region: str) -> str:
    return next((p for start, p in PARTITIONS.items() if region.startswith(start)), "aws")


@dataclass(frozen=True)
class Names:
    """Names of one environment: the same strings for CDK, IAM policies, the jobs and the emulation, without
    cross references.

    `partition` is the region's; it is given only where the region is not known yet.
    """

    env: str
    account: str
    region: str
    prefix: str = "lakehouse"
    partition: str = ""

    def __post_init__(self) -> None:
        if not self.partition:
            object.__setattr__(self, "partition", partition_of(self.region))

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Names:
        """Of the environment that a function runs in; `variables` are what it is told."""
        return cls(*(environment[f"LAKE_{name}"] for name in ("ENV", "ACCOUNT", "REGION", "PREFIX")))

    @property
    def variables(self) -> dict[str, str]:
        """What a function needs to know these names."""
        return {
            "LAKE_PREFIX": self.prefix,
            "LAKE_ENV": self.env,
            "LAKE_ACCOUNT": self.account,
            "LAKE_REGION": self.region,
        }

    def name(self, what: str) -> str:
        return f"{self.prefix}-{self.env}-{what}"

    def bucket_prefix(self, zone: str) -> str:
        return self.name(zone)

    def bucket(self, zone: str) -> str:
        """Account-regional bucket name: unique by construction (S3 account regional namespaces)."""
        return f"{self.name(zone)}-{self.account}-{self.region}-an"

    def bucket_arn(self, zone: str) -> str:
        return f"arn:{self.partition}:s3:::{self.bucket(zone)}"

    def database(self, domain: str, zone: str) -> str:
        """Glue database: one per domain and zone, so that two domains may both have a `dim_date`."""
        return f"{self.prefix}_{self.env}_{domain}_{zone}".replace("-", "_")

    def job(self, domain: str, stage: str) -> str:
        return self.name(f"{domain}-{stage}")

    def state_machine(self, domain: str) -> str:
        return self.name(domain)

    def function(self, what: str) -> str:
        return self.name(what)

    def queue(self, what: str) -> str:
        return self.name(what)

    @property
    def warehouse_secret(self) -> str:
        """The secret in which Redshift keeps the password of the warehouse's administrator, by the name that
        Redshift gives it.
        """
        return f"redshift!{self.name(WAREHOUSE)}-{WAREHOUSE_ADMIN}"

    @property
    def hash_key(self) -> str:
        """The secret that is the key of the environment's keyed hashes (shared/keyed_hash.py)."""
        return self.name("hash-key")

    @property
    def ledger_table(self) -> str:
        return self.name("ledger")

    @property
    def alerts_topic(self) -> str:
        return self.name("alerts")

    @property
    def glue_logs(self) -> str:
        """What the names of all log groups of our jobs have in them: they are told so, and the security
        configuration is named so, which Glue puts into the names, too. No name of another lake has it in it:
        none has a `_`.
        """
        return f"_{self.name('glue')}_"

    @property
    def warehouse_logs(self) -> str:
        """How the names of the log groups begin that Redshift makes for the warehouse."""
        return f"{WAREHOUSE_LOGS}{self.name(WAREHOUSE)}/"

    def lf_tag(self, key: str) -> str:
        """An LF-tag of Lake Formation, whose keys all lakes of an account share: `domain`, `zone` or
        `classification` (shared/classification.py).
        """
        return self.name(key)

    @property
    def trail(self) -> str:
        return self.name("objects")

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    def machine_arn(self, domain: str) -> str:
        return self.arn("states", f"stateMachine:{self.state_machine(domain)}")

    def execution_arn(self, domain: str, run_id: str) -> str:
        """ARN of the state machine execution that is a run: a run's id is its execution's name."""
        return self.arn("states", f"execution:{self.state_machine(domain)}:{run_id}")
