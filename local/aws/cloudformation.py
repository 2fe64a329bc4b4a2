"""Resource types that ministack lacks are recorded instead of refused, and named in a file that the deploy
output shows.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.services.cloudformation import provisioners

from local.settings import ACCOUNT, REGION


class Attributes(dict[str, str]):
    """Return values of a recorded resource: an ARN where one is asked for, else a text that
    says what it is.
    """

    def __init__(self, type_name: str, physical_id: str) -> None:
        super().__init__()
        self.type_name, self.physical_id = type_name, physical_id

    def __contains__(self, attribute: object) -> bool:
        return True

    def __missing__(self, attribute: str) -> str:
        service = self.type_name.split("::")[1].lower()
        if attribute.lower().endswith("arn"):
            return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{self.physical_id}"
        return f"recorded-{self.physical_id}-{attribute}"


class Recorder:
    """The file with the recorded resources: a list of {type, logical_id, stack, id}."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()

    def handlers(self, type_name: str) -> dict[str, Callable[..., Any]]:
        return {
            "create": lambda logical_id, props, stack: self._create(type_name, logical_id, props, stack),
            "update": lambda physical_id, old, new, stack, logical_id=None: (
                physical_id,
                Attributes(type_name, physical_id),
            ),
            "delete": lambda physical_id, props: self._change(
                lambda known: [r for r in known if r["id"] != physical_id]
            ),
        }

    def _create(
        self, type_name: str, logical_id: str, props: dict[str, Any], stack: str
    ) -> tuple[str, Attributes]:
        own = type_name.rpartition("::")[2] + "Name"
        name = next((str(v) for k, v in props.items() if k in (own, "Name")), f"{stack}-{logical_id}")
        record = {"type": type_name, "logical_id": logical_id, "stack": stack, "id": name}
        self._change(
            lambda known: [
                *(r for r in known if (r["stack"], r["logical_id"]) != (stack, logical_id)),
                record,
            ]
        )
        return name, Attributes(type_name, name)

    def _change(self, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
        with self._lock:
            known = json.loads(self._path.read_text()) if self._path.exists() else []
            self._path.write_text(json.dumps(change(known), indent=1))


class Handlers(dict[str, dict[str, Callable[..., Any]]]):
    """ministack's registry, which in addition knows how to record every other type of AWS.

    Custom resources stay refused.
    """

    def __init__(self, stock: dict[str, dict[str, Callable[..., Any]]], recorder: Recorder) -> None:
        super().__init__(stock)
        self._recorder = recorder

    def __contains__(self, type_name: object) -> bool:
        return super().__contains__(type_name) or _recordable(str(type_name))

    def __missing__(self, type_name: str) -> dict[str, Callable[..., Any]]:
        if not _recordable(type_name):
            raise KeyError(type_name)
        return self._recorder.handlers(type_name)

    def get(self, type_name: str, default: Any = None) -> Any:
        return self[type_name] if self.__contains__(type_name) else default


def _recordable(type_name: str) -> bool:
    return type_name.startswith("AWS::") and not type_name.startswith("AWS::CloudFormation::")


def install(recorded: Path) -> None:
    handlers = Handlers(provisioners._RESOURCE_HANDLERS, Recorder(recorded))
    bucket = handlers["AWS::S3::Bucket"]
    handlers["AWS::S3::Bucket"] = {
        **bucket,
        "create": lambda logical_id, props, stack: bucket["create"](logical_id, _named(props), stack),
        "update": lambda physical_id, old, new, stack: bucket["update"](
            physical_id, _named(old), _named(new), stack
        ),
    }
    provisioners._RESOURCE_HANDLERS = handlers


def _named(bucket: dict[str, Any]) -> dict[str, Any]:
    """A bucket of the account-regional namespace with the name that S3 gives it; ministack knows BucketName
    only.
    """
    if bucket.get("BucketNamespace") != "account-regional" or "BucketNamePrefix" not in bucket:
        return bucket
    return {**bucket, "BucketName": f"{bucket['BucketNamePrefix']}-{ACCOUNT}-{REGION}-an"}
