"""Job arguments, read once at the edge into values."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from glue_scripts.packages import check_own
from shared.contracts import Contract, Table, contract
from shared.contracts.evolution import BESIDE
from shared.names import CHANGES, Names
from shared.quarantine import rows_table
from shared.reasons import FileReason
from shared.zones import quarantined_rows_prefix, table_path

CATALOG = "glue_catalog"
ABSENT = "none"


@dataclass(frozen=True)
class Replay:
    """Which quarantined files and rows to judge again; nothing named: all."""

    dataset: str | None = None
    reason: str | None = None
    since: dt.date | None = None


@dataclass(frozen=True)
class Delivery:
    """Where a domain's files are delivered outside the raw bucket: `s3://<bucket>/<prefix><table>/…`, and
    which tables to take.
    """

    bucket: str
    prefix: str
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Receiver:
    """Who is sent lineage; `secret`: the name of the one whose text is the API key."""

    url: str
    secret: str | None = None


@dataclass(frozen=True)
class Job:
    """One run of one stage of one domain. `run_id` is the name of the state machine's execution; `now`: when
    the stage began; `anew`: tables that are filled beside what readers see. `erased`: names and keyed hashes
    of people who must not come back.
    """

    names: Names
    contract: Contract
    run_id: str
    from_date: dt.date | None = None
    to_date: dt.date | None = None
    full_refresh: bool = False
    accept_gate: bool = False
    replay: Replay | None = None
    warehouse: bool = False
    lake_formation: bool = False
    source: Delivery | None = None
    anew: frozenset[str] = frozenset()
    erased: frozenset[tuple[str, str]] = frozenset()
    receiver: Receiver | None = None
    now: dt.datetime = field(default_factory=lambda: dt.datetime.now(dt.UTC), compare=False)

    @property
    def domain(self) -> str:
        return self.contract.domain

    @property
    def by_date(self) -> bool:
        """Whether somebody asked for a range of event dates instead of what is pending."""
        return self.from_date is not None or self.to_date is not None

    def covers(self, date: dt.date) -> bool:
        return (self.from_date is None or date >= self.from_date) and (
            self.to_date is None or date <= self.to_date
        )

    def replays(self, dataset: str, reason: str, ingested_at: str) -> bool:
        """Whether something that was quarantined for a reason is to be judged again."""
        replay = self.replay
        return (
            replay is not None
            and replay.dataset in (None, dataset)
            and replay.reason in (None, reason)
            and (replay.since is None or ingested_at >= replay.since.isoformat())
        )

    def identifier(self, table: Table) -> str:
        """The table's name in Spark SQL."""
        return self._identifier(table, table.name)

    def tombstones_identifier(self, table: Table) -> str:
        """The name of what remembers the table's deletes."""
        return self._identifier(table, table.tombstones)

    def _identifier(self, table: Table, name: str) -> str:
        beside = BESIDE if table.name in self.anew else ""
        return f"{CATALOG}.{self.names.database(self.domain, table.zone)}.{name}{beside}"

    def location(self, table: Table) -> str:
        path = table_path(self.domain, table.zone, table.kind, table.name)
        return f"s3://{self.names.bucket(table.zone)}/{path}"

    def quarantine_identifier(self, dataset: str) -> str:
        name = rows_table(self.domain, dataset, self.contract.layout)
        return f"{CATALOG}.{self.names.database(self.domain, 'quarantine')}.{name}"

    def quarantine_location(self, dataset: str) -> str:
        prefix = quarantined_rows_prefix(self.domain, dataset, self.contract.layout)
        return f"s3://{self.names.bucket('quarantine')}/{prefix.rstrip('/')}"

    @property
    def changes_identifier(self) -> str:
        return f"{CATALOG}.{self.names.database(self.domain, 'silver')}.{CHANGES}"

    @property
    def changes_location(self) -> str:
        return f"s3://{self.names.bucket('silver')}/{self.domain}/{CHANGES}"


def parsed_job(argv: Sequence[str]) -> Job:
    """The job in a command line; what Glue itself adds is accepted and ignored.

    Raises SystemExit naming a missing argument, and PackageError where Python lacks a package of the domain.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for name in ("domain", "prefix", "env", "account", "region", "run_id"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("from_date", "to_date"):
        parser.add_argument(f"--{name}", type=_date, default=None)
    for name in ("lineage_url", "lineage_secret"):
        parser.add_argument(f"--{name}", default=None)
    for name in ("full_refresh", "accept_gate", "warehouse", "lake_formation"):
        parser.add_argument(f"--{name}", type=_flag, default=False)
    parser.add_argument("--replay", type=_replay, default=None)
    parser.add_argument("--source", default=ABSENT)
    parser.add_argument("--source_tables", default=ABSENT)
    parser.add_argument("--packages", default="")
    given, _ = parser.parse_known_args(list(argv))
    check_own(given.packages)
    domain_contract, replay = contract(given.domain), given.replay
    if replay and replay.dataset not in (None, *(d.name for d in domain_contract.datasets)):
        parser.error(f"--replay: {replay.dataset!r} is not a dataset of {given.domain}")
    if replay and replay.reason not in (None, *FileReason, *domain_contract.row_reasons):
        parser.error(f"--replay: {replay.reason!r} is not a reason of {given.domain}")
    return Job(
        names=Names(env=given.env, account=given.account, region=given.region, prefix=given.prefix),
        contract=domain_contract,
        run_id=given.run_id,
        from_date=given.from_date,
        to_date=given.to_date,
        full_refresh=given.full_refresh,
        accept_gate=given.accept_gate,
        replay=replay,
        warehouse=given.warehouse,
        lake_formation=given.lake_formation,
        source=_delivery(given.source, given.source_tables, domain_contract),
        receiver=Receiver(given.lineage_url, given.lineage_secret) if given.lineage_url else None,
    )


def _delivery(location: str, tables: str, domain_contract: Contract) -> Delivery | None:
    """`s3://bucket/folder/` and names of datasets, separated by commas; without names all."""
    if location == ABSENT:
        return None
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    chosen = tuple(tables.split(",")) if tables != ABSENT else tuple(d.name for d in domain_contract.datasets)
    return Delivery(bucket, prefix.rstrip("/") + "/" if prefix.strip("/") else "", chosen)


def _date(text: str) -> dt.date | None:
    return None if text == ABSENT else dt.date.fromisoformat(text)


def _replay(text: str) -> Replay | None:
    """`true` for everything, or a JSON object with dataset, reason, since; unknown names are refused."""
    if text in (ABSENT, "false"):
        return None
    request = {} if text == "true" else json.loads(text)
    if not isinstance(request, dict) or not request.keys() <= {"dataset", "reason", "since"}:
        raise argparse.ArgumentTypeError(
            f"expected true or an object with dataset, reason and since, found {text!r}"
        )
    since = request.get("since")
    return Replay(
        request.get("dataset"), request.get("reason"), dt.date.fromisoformat(since) if since else None
    )


def _flag(text: str) -> bool:
    if text.lower() not in ("true", "false", ABSENT):
        raise argparse.ArgumentTypeError(f"expected true or false, found {text!r}")
    return text.lower() == "true"
