"""The settings in which environments differ: typed, frozen, and refused when wrong with a message that says
what is allowed.
"""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.contracts import contract
from shared.contracts import domains as project_domains
from shared.project import ENVIRONMENTS, project_folder, shown
from stacks.backup_settings import BackupSettings
from stacks.lineage_settings import LineageSettings
from stacks.network_settings import ExistingNetwork, WarehouseClients
from stacks.principals import Analysts, Principals
from stacks.regions import lacking, longest_bucket_prefix, zones
from stacks.usage import Usage

LONGEST_BUCKET_NAME = "--quarantine"  # what stands around prefix and environment in the longest of ours
LONGEST_MACHINE_NAME = 80  # CreateStateMachine
LONGEST_ROLE_NAME = 64  # CreateRole
NOBODY_HEARS = (
    "runs are scheduled (scheduled = true), and nobody would hear of one that fails: name who gets alarms in"
    " alert_emails"
)
RESERVED_TAGS = ("aws:", "lakehouse:")
TagText = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_ .:/=+@-]*$", min_length=1, max_length=128)
]  # what all AWS services take
LogDays = Literal[
    7, 14, 30, 60, 90, 180, 365, 400, 731
]  # retentions that CloudWatch Logs knows (PutRetentionPolicy)

Endpoint = Literal[
    "athena", "glue", "kms", "logs", "redshift-data", "redshift-serverless", "secretsmanager", "states", "sts"
]


class Source(BaseModel):
    """Where a domain's files are delivered, if not to the raw bucket: a folder per table below `location`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    location: Annotated[str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(?:[^*?]+/)?$")]
    tables: tuple[str, ...] = ()
    """Names of the datasets to take; none: all of the domain."""
    key_arn: Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+$")] | None = None
    """The key that the bucket is encrypted with, if any; its policy must let the bronze job decrypt."""


class ConfigError(ValueError):
    """An environment's settings are wrong."""


class CrawlSettings(BaseModel):
    """A web API whose pages become files of a dataset.

    `secret_name`: a secret in Secrets Manager whose text is the API key; people make it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")]
    """`<domain>/<dataset>`."""
    url: Annotated[str, Field(pattern=r"^https://[^\s?#]+(\?[^\s#]*)?$")]
    page_parameter: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] = "page"
    secret_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9/_+=.@-]+$")]
    seconds_between: Annotated[float, Field(ge=0, le=60)] = 0.25
    schedule: Annotated[str, Field(pattern=r"^(rate|cron)\(.+\)$")] = "cron(30 0 * * ? *)"


class Settings(BaseModel):
    """One environment.

    Without `account` and `region` the templates fit any: the deploying profile decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,11}$")]
    prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,20}[a-z0-9]$")] = "lakehouse"
    domains: tuple[str, ...] | None = None
    """The domains that the environment has; all of the project without it."""
    tags: dict[TagText, TagText] = {}
    """Tags of everything that the environment has, beside the product's own."""
    protected: bool = False
    """What people rely on: its data must be retained and encrypted with a key of its own, and the security
    rules of regulated workloads (NIST 800-53, HIPAA, PCI DSS) count too.
    """
    account: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    region: Annotated[str, Field(pattern=r"^[a-z]{2,4}(-[a-z]+)+-\d$")] | None = None
    retain_data: bool = Field(default_factory=lambda given: bool(given.get("protected")))
    """Buckets, ledger and catalog outlive their stacks; where it is not said, those of a protected
    environment.
    """
    customer_key: bool = Field(default_factory=lambda given: bool(given.get("protected")))
    """Data and logs are encrypted with a key of the environment's own (SSE-KMS) instead of S3's (SSE-S3);
    where it is not said, those of a protected environment are.
    """
    audit_objects: bool = False
    """CloudTrail notes every read and write of an object of the data buckets: $1 per million."""
    scheduled: bool = False
    """Domains run by themselves: at the time their contract names, and when enough files wait."""
    start_files: Annotated[int, Field(ge=1, le=100_000)] = 100
    """A run starts when so many files of a domain wait …"""
    start_minutes: Annotated[int, Field(ge=5, le=1440)] = 15
    """… or the oldest has waited so long; so that a thousand files cost one run."""
    runs_a_day: Annotated[int, Field(ge=1, le=288)] = 24
    """Most runs of a domain that begin so on a day, UTC, spread over it: a file waits for the next, 24 hours
    divided by this at most. `./lake cost` counts with it.
    """
    unknown_column_days: Annotated[int, Field(ge=1, le=365)] = 7
    """An alarm tells when a dataset has had a column that its contract does not name for so long."""
    ingest_memory_mb: Annotated[int, Field(ge=512, le=10_240)] = 1769  # 1,769 MB is one full vCPU
    ingest_timeout_seconds: Annotated[int, Field(ge=60, le=900)] = 300
    ingest_defer_above_mb: Annotated[int, Field(ge=1, le=10_000)] = 1024
    """Files above this size, and those that unpack to more than the function's time allows, are left to the
    domain's bronze job.
    """
    glue_workers: Annotated[int, Field(ge=2, le=100)] = 2
    """Most workers of a job (G.1X); auto-scaling starts fewer."""
    glue_timeout_minutes: Annotated[int, Field(ge=5, le=1440)] = 60
    glue_flex: bool = False
    """Jobs run on spare capacity, a third cheaper; they may start minutes later and be interrupted (then
    redrive the run).
    """
    backup: BackupSettings | None = None
    """AWS Backup keeps raw, bronze, quarantine and the ledger; only of a protected environment."""
    snapshot_days: Annotated[int, Field(ge=1, le=365)] = 7
    """How far back tables can be read as they were; maintenance forgets older snapshots."""
    warehouse: bool = False
    """Gold is loaded into Redshift Serverless after every run; it costs by the second while it computes, 60
    at least.
    """
    warehouse_rpu: Literal[4, 8, 16, 24, 32, 64, 128] = 4
    warehouse_max_rpu: Annotated[int, Field(ge=8, le=1024, multiple_of=8)] = 16
    warehouse_rpu_hours_a_day: Annotated[int, Field(ge=1)] = 8
    """An alarm tells when a day took more."""
    vpc_cidr: Annotated[str, Field(pattern=r"^10\.\d{1,3}\.\d{1,3}\.0/22$")] = "10.40.0.0/22"
    warehouse_zone_ids: tuple[Annotated[str, Field(pattern=r"^[a-z]+\d+-az\d+$")], ...] = ()
    """The zones of that network's three subnets, by their ids, which are the same in every account; none: the
    region's first, of which Redshift does not have every one.
    """
    interface_endpoints: tuple[Endpoint, ...] = ()
    """Services that clients in the warehouse's network reach without the internet."""
    existing_network: ExistingNetwork | None = None
    """Where the warehouse stands instead of in a network of its own."""
    warehouse_clients: WarehouseClients | None = None
    """Who may reach the warehouse beside its own role; none: nobody, but by the Data API."""
    log_days: LogDays = 30
    query_scan_limit_gb: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Athena cancels a query that reads more; 1,000 GB cost about $5."""
    query_result_days: Annotated[int, Field(ge=1, le=365)] = 7
    query_reuse_minutes: Annotated[int, Field(ge=0, le=10_080)] = 0
    """`./lake query` may answer from an equal query's result of that age; 0 always asks anew."""
    monthly_budget_usd: Annotated[int, Field(ge=1, le=1_000_000)] = 100
    """People are told when the month's cost passes 80 %, or is forecast to pass all of it."""
    budget_by_tag: bool = False
    """The budget counts what carries the environment's tag, which somebody must have activated for cost
    allocation; else the whole account, as each environment is meant to have one of its own.
    """
    permissions_boundary: Annotated[str, Field(pattern=r"^[\w+=,.@-]{1,128}$")] | None = None
    """Name of a managed policy of the account that limits every role of the environment."""
    sources: dict[str, Source] = {}
    """By domain: the bronze job takes what is new there in every run, for example
    `{"sales": {"location": "s3://partner-bucket/exports/"}}`."""
    lake_formation: bool = False
    """Roles get their databases and tables from Lake Formation too: for accounts whose catalog no longer
    trusts IAM alone.
    """
    analysts: dict[str, Analysts] = {}
    """By domain: who may take the role that reads its gold, and silver within limits."""
    producers: dict[str, Principals] = {}
    """By domain: other accounts, or roles of theirs, that may put objects below its folder of raw."""
    lineage: LineageSettings | None = None
    """A receiver that is sent what is read and made by each run, too; none: it is in the metrics bucket."""
    crawl: CrawlSettings | None = None
    """A dataset that is fetched from a web API; none: nothing is crawled, all files are dropped."""
    usage: Usage = Usage()
    alert_emails: tuple[Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")], ...] = ()

    @property
    def unheard(self) -> bool:
        """Runs begin by themselves, and no person is told of one that fails."""
        return self.scheduled and not self.alert_emails

    @property
    def chosen_domains(self) -> tuple[str, ...]:
        """The domains of the environment, sorted."""
        return project_domains() if self.domains is None else tuple(sorted(self.domains))

    @model_validator(mode="after")
    def _keeps_its_promise(self) -> Self:
        if self.protected and not self.retain_data:
            raise ValueError("a protected environment must retain its data: retain_data must be true")
        if self.protected and not self.customer_key:
            raise ValueError(
                "a protected environment encrypts with a key of its own: customer_key must be true"
            )
        if self.backup and not self.protected:
            raise ValueError("backup is an option of a protected environment: protected must be true")
        if self.backup and self.backup.copy_to and self.region:
            _, _, _, region, account, *_ = self.backup.copy_to.split(":")
            if (region, account) == (self.region, self.account):
                raise ValueError(
                    "backup.copy_to: a copy beside its original is lost with it: name a vault of another"
                    " region or account"
                )
        return self

    @model_validator(mode="after")
    def _fits_its_region(self) -> Self:
        if self.region is not None and (lacks := lacking(self.region)):
            raise ValueError(lacks)
        if ids := self.warehouse_zone_ids:
            needed = zones(self.region)
            if len(ids) != 3 or len(set(ids)) < needed:
                raise ValueError(
                    f"warehouse_zone_ids: Redshift needs three subnets in {needed} zones: name three ids,"
                    f" {needed} of them different"
                )
        if self.interface_endpoints and self.region and self.region.startswith("cn-"):
            raise ValueError("interface_endpoints: China names these services in other ways")
        return self

    @model_validator(mode="after")
    def _opens_what_it_has(self) -> Self:
        for name, opened in (("analysts", self.analysts), ("producers", self.producers)):
            if unknown := sorted(set(opened) - set(self.chosen_domains)):
                raise ValueError(
                    f"{name}: the environment has no {', '.join(unknown)}; it has"
                    f" {', '.join(self.chosen_domains)}"
                )
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        """What AWS names after prefix, environment and domain has room for all of them."""
        longest = longest_bucket_prefix(self.region) - len(LONGEST_BUCKET_NAME)
        if len(self.prefix) + len(self.env) > longest:
            where = f" in {self.region}" if self.region else ""
            raise ValueError(
                f"prefix and environment name have {len(self.prefix) + len(self.env)} characters together; at"
                f" most {longest} fit the name of a bucket{where}"
            )
        for setting, domains, what, ending, most in (
            ("domains", self.chosen_domains, "a state machine", "", LONGEST_MACHINE_NAME),
            ("analysts", self.analysts, "their role", "-analysts", LONGEST_ROLE_NAME),
        ):
            room = most - len(f"{self.prefix}-{self.env}-{ending}")
            if long := [d for d in domains if len(d) > room]:
                raise ValueError(
                    f"{setting}: {', '.join(long)}: {what} is called <prefix>-<environment>-<domain>{ending},"
                    f" in at most {most} characters, which leaves a domain {room}"
                )
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if unknown := sorted(set(self.domains or ()) - set(project_domains())):
            raise ValueError(
                f"domains: there is no {', '.join(unknown)} in the project; it has"
                f" {', '.join(project_domains())}"
            )
        if self.domains is not None and not self.domains:
            raise ValueError(
                "domains: an environment needs one at least; leave the setting out for all of the project"
            )
        if reserved := [t for t in self.tags if t.lower().startswith(RESERVED_TAGS)]:
            raise ValueError(
                f"tags: {', '.join(reserved)}: names that begin with {' or '.join(RESERVED_TAGS)} are taken"
            )
        if foreign := sorted(set(self.sources) - set(self.chosen_domains) & set(project_domains())):
            raise ValueError(
                f"sources name {', '.join(foreign)}, which the environment does not have (domains)"
            )
        if self.warehouse_max_rpu < self.warehouse_rpu:
            raise ValueError("warehouse_max_rpu must not be below warehouse_rpu")
        if self.existing_network and (self.interface_endpoints or self.warehouse_zone_ids):
            raise ValueError(
                "interface_endpoints and warehouse_zone_ids are of a network of the environment's own: leave"
                " them out with existing_network"
            )
        if self.interface_endpoints and not self.warehouse:
            raise ValueError(
                "interface_endpoints are in the warehouse's network: they need warehouse to be true"
            )
        if self.crawl and not _is_dataset(*self.crawl.dataset.split("/")):
            raise ValueError(f"crawl.dataset: no contract has {self.crawl.dataset}")
        if wrong := [
            f"{d}: {t}" for d, s in self.sources.items() for t in s.tables or ("",) if not _is_dataset(d, t)
        ]:
            raise ValueError(f"sources name what no contract has: {', '.join(wrong)}")
        if by_file := [f"{d}/{t}" for d, s in self.sources.items() for t in _by_file(d, s)]:
            raise ValueError(
                f"sources name {', '.join(by_file)}, where rows stand and fall with their file: that needs"
                " keys that begin with domain and dataset, and S3's order of their versions, which a source"
                " location has not; put these files into the raw bucket"
            )
        if (self.account is None) != (self.region is None):
            raise ValueError("account and region are pinned together or not at all")
        return self


NESTED: dict[str, type[BaseModel]] = {
    "usage": Usage,
    "sources": Source,
    "lineage": LineageSettings,
    "crawl": CrawlSettings,
    "analysts": Analysts,
    "backup": BackupSettings,
    "existing_network": ExistingNetwork,
    "warehouse_clients": WarehouseClients,
}


@cache
def environments() -> dict[str, dict[str, Any]]:
    """The settings of each environment as the project's environments.toml has them; raises ConfigError when
    that cannot be read.
    """
    path = project_folder() / ENVIRONMENTS
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} is missing: it names the environments, one table each;"
            " docs/reference/environments.md lists the settings"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown(path)}: is not TOML: {error}") from error
    if not tables or not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigError(f"{shown(path)}: expected one table for each environment, such as [dev]")
    return tables


def _is_dataset(domain: str, name: str) -> bool:
    """Whether a contract has the dataset, or for no name the domain."""
    return domain in project_domains() and (
        not name or any(d.name == name for d in contract(domain).datasets)
    )


def _by_file(domain: str, source: Source) -> list[str]:
    """The datasets of a source whose rows have no key of their own and are replaced file by file."""
    chosen = [d for d in contract(domain).datasets if not source.tables or d.name in source.tables]
    return [d.name for d in chosen if d.target.kind == "files"]


def settings(env: str, **overrides: Any) -> Settings:
    """The settings of an environment; raises ConfigError with one line for each mistake."""
    known = environments()
    if env not in known:
        raise ConfigError(f"there is no environment {env!r}; allowed: {', '.join(known)}")
    try:
        return Settings(**{"env": env, **known[env], **overrides})
    except ValidationError as error:
        raise ConfigError("\n".join(_line(env, dict(e)) for e in error.errors())) from error


def _line(env: str, error: dict[str, Any]) -> str:
    place = ".".join(str(p) for p in (f"environment {env}", *error["loc"]))
    if error["type"] == "extra_forbidden":
        known = NESTED.get(str(error["loc"][0]), Settings) if len(error["loc"]) > 1 else Settings
        return f"{place}: there is no such setting; allowed: {', '.join(known.model_fields)}"
    return (
        f"{place}: {error['msg']}; found {error['input']!r}" if error["loc"] else f"{place}: {error['msg']}"
    )
