"""An emulated raw zone with the ingest function's parts on it, and clients that can be made to fail."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from moto import mock_aws

from lambdas.ingest.event import created_objects
from local.ledger_table import create_ledger_table
from shared.ingestion import COPY, Ingest, Store
from shared.ledger import Ledger
from shared.ledger.model import LedgerFile
from shared.names import Names
from shared.records import Limits

NAMES = Names("test", "123456789012", "eu-west-1")
NOON = dt.datetime(2024, 3, 5, 12, tzinfo=dt.UTC)
GOOD = b'{"event_id":"e1","ts":"2024-03-01T10:00:00Z"}\n{"event_id":"e2","ts":"2024-03-02T10:00:00Z"}\n{"event_id":"e3","ts":"2024-03-02"}\n'


class InjectedError(Exception):
    """What a failed call raises; nothing catches it."""


@dataclass
class Faults:
    """Makes the n-th call to AWS fail: `before` it has its effect or `after`; `dead`: and all later ones, as
    when the process dies.
    """

    at: int = 0
    when: str = "before"
    dead: bool = False
    calls: list[str] = field(default_factory=list)

    def arm(self, at: int, when: str, dead: bool) -> None:
        self.at, self.when, self.dead, self.calls = at, when, dead, []

    @property
    def happened(self) -> bool:
        return 0 < self.at <= len(self.calls)

    def before(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        self._fail("before")

    def after(self, **_: Any) -> None:
        self._fail("after")

    def _fail(self, when: str) -> None:
        if (
            self.at
            and self.when == when
            and (len(self.calls) == self.at or (self.dead and len(self.calls) > self.at))
        ):
            raise InjectedError(self.calls[-1])


@dataclass
class Rig:
    s3: Any
    ledger: Ledger
    faults: Faults
    ingest: Ingest
    events: int = 0

    def drop(self, key: str, content: bytes) -> str:
        """Puts an object and gives the message that the queue will deliver."""
        with self._unharmed():
            version = self.s3.put_object(Bucket=NAMES.bucket("raw"), Key=key, Body=content)["VersionId"]
        self.events += 1
        return message(key, version, f"{self.events:016X}")

    def deliver(self, body: str, owner: str = "message-1") -> list[LedgerFile | None]:
        return [self.ingest(file, owner) for file in created_objects(body, NAMES)]

    def arrive(self, key: str, content: bytes) -> LedgerFile:
        (outcome,) = self.deliver(self.drop(key, content))
        assert outcome is not None
        return outcome

    def objects(self, zone: str) -> dict[str, bytes]:
        with self._unharmed():
            listed = self.s3.list_objects_v2(Bucket=NAMES.bucket(zone)).get("Contents", [])
            return {
                o["Key"]: self.s3.get_object(Bucket=NAMES.bucket(zone), Key=o["Key"])["Body"].read()
                for o in listed
            }

    def state(self) -> Any:
        """All that ingestion leaves behind."""
        with self._unharmed():
            return self.ledger.files(), self.objects("bronze"), self.objects("quarantine")

    @contextmanager
    def _unharmed(self) -> Iterator[None]:
        at, self.faults.at = self.faults.at, 0
        yield
        self.faults.at = at


def message(
    key: str,
    version: str | None = "v1",
    sequencer: str | None = "01",
    kind: str = "Object Created",
    *,
    bucket: str = NAMES.bucket("raw"),
    account: str = NAMES.account,
) -> str:
    """An event as EventBridge sends it: the key as it is."""
    found = {
        "key": key,
        "size": 1,
        **({"version-id": version} if version else {}),
        **({"sequencer": sequencer} if sequencer else {}),
    }
    return json.dumps(
        {
            "version": "0",
            "source": "aws.s3",
            "account": account,
            "detail-type": kind,
            "detail": {"bucket": {"name": bucket}, "object": found},
        }
    )


def _written_at_noon(parsed: dict[str, Any], **_: Any) -> None:
    """S3's clock stands still here too: of two objects the event's sequencer tells which is the later."""
    if "LastModified" in parsed:
        parsed["LastModified"] = NOON


@contextmanager
def rig() -> Iterator[Rig]:
    # The fixture `spark` leaves its emulation's address in the environment for the whole session.
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        credentials = {
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "region_name": NAMES.region,
        }
        s3, dynamodb = boto3.client("s3", **credentials), boto3.resource("dynamodb", **credentials)
        for zone in ("raw", "bronze", "quarantine"):
            s3.create_bucket(
                Bucket=NAMES.bucket(zone), CreateBucketConfiguration={"LocationConstraint": NAMES.region}
            )
        s3.put_bucket_versioning(Bucket=NAMES.bucket("raw"), VersioningConfiguration={"Status": "Enabled"})
        ledger = Ledger(create_ledger_table(dynamodb, NAMES.ledger_table))
        faults = Faults()
        for client in (s3, dynamodb.meta.client):
            client.meta.events.register("before-call.*", faults.before)
            client.meta.events.register("after-call.*", faults.after)
        s3.meta.events.register("after-call.s3.GetObject", _written_at_noon)
        store = Store(s3, TransferConfig(**COPY))
        yield Rig(
            s3, ledger, faults, Ingest(NAMES, ledger, store, Limits(), lambda: NOON, wait=lambda _: None)
        )
