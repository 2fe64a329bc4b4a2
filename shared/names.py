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
WAREHOUSE_DATABASE = "lake"
WAREHOUSE_ADMIN = "lake_admin"
# silver's list of what gold has not followed yet: written by the one job, settled by the other
CHANGES = "run_changes"
# Queues of what nobody could handle; the crawler's is there only where an environment names a web API.
INGEST_LETTERS = "ingest-dlq"
DEAD_LETTERS = (INGEST_LETTERS, "watch-dlq", "crawl-dlq", "alerts-dlq")
STAGES = ("bronze-ingest", "bronze-to-silver", "silver-to-gold")


@dataclass(frozen=True)
class Names:
    """Names of one environment: the same strings for CDK, IAM policies, the jobs and the emulation, without
    cross references.
    """

    env: str
    account: str
    region: str
    prefix: str = "lakehouse"
    partition: str = "aws"

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

    def crawler(self, domain: str, zone: str) -> str:
        return self.name(f"{domain}-{zone}")

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
    def ledger_table(self) -> str:
        return self.name("ledger")

    @property
    def alerts_topic(self) -> str:
        return self.name("alerts")

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
