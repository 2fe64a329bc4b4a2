"""Our events as the reference client has them: OpenLineage's own classes, which it generates from the schemas of
the specification. What they lack, or have of another type, is refused.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import uuid
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import attr
import cattrs
import jsonschema
from openlineage.client import generated
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.serde import Serde

from shared.lineage.facets import BALANCE, BALANCE_SCHEMA

CONVERTER = cattrs.Converter(forbid_extra_keys=True, prefer_attrib_converters=True)
BALANCE_CLASS = json.loads((Path(__file__).parents[2] / BALANCE_SCHEMA).read_text("utf-8"))


@cache
def classes() -> dict[str, type]:
    """The client's classes of facets, by the schema that each says it has."""
    modules = [
        importlib.import_module(f"{generated.__name__}.{m.name}")
        for m in pkgutil.iter_modules(generated.__path__)
    ]
    found = [
        c for m in modules for c in vars(m).values() if isinstance(c, type) and hasattr(c, "_get_schema")
    ]
    return {c._get_schema(): c for c in found if attr.has(c)}


def read(event: Mapping[str, Any]) -> RunEvent:
    """The event in the client's classes. Raises what they raise where it is not what the schemas say."""
    assert set(event) == {
        "eventType",
        "eventTime",
        "run",
        "job",
        "inputs",
        "outputs",
        "producer",
        "schemaURL",
    }
    assert set(event["run"]) == {"runId", "facets"}
    assert event["schemaURL"] == RunEvent._get_schema()
    return RunEvent(
        eventType=RunState(event["eventType"]),
        eventTime=event["eventTime"],
        run=Run(event["run"]["runId"], _facets(event["run"]["facets"])),
        job=Job(event["job"]["namespace"], event["job"]["name"], _facets(event["job"]["facets"])),
        inputs=[_dataset(d, InputDataset, "inputFacets") for d in event["inputs"]],
        outputs=[_dataset(d, OutputDataset, "outputFacets") for d in event["outputs"]],
        producer=event["producer"],
    )


def as_sent(event: RunEvent) -> dict[str, Any]:
    """What the client sends of an event, without what is empty."""
    return filled(Serde.to_dict(event))


def filled(value: Any) -> Any:
    """Without what is empty."""
    if isinstance(value, dict):
        return {k: f for k, v in value.items() if (f := filled(v)) not in ({}, [], None)}
    return [filled(v) for v in value] if isinstance(value, list) else value


def _dataset(dataset: Mapping[str, Any], kind: type, own: str) -> Any:
    assert set(dataset) <= {"namespace", "name", "facets", own}
    made = kind(dataset["namespace"], dataset["name"], facets=_facets(dataset.get("facets", {})))
    setattr(made, own, _facets(dataset.get(own, {})))
    return made


def _facets(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {name: _facet(name, content) for name, content in found.items()}


def _facet(name: str, content: Mapping[str, Any]) -> Any:
    for address in (content["_producer"], content["_schemaURL"]):
        assert urlparse(address).scheme in ("https", "urn")
    if name == BALANCE:
        jsonschema.validate(content, BALANCE_CLASS)
        return dict(content)
    kind = classes()[content["_schemaURL"]]
    own = {k: v for k, v in content.items() if k not in ("_producer", "_schemaURL")}
    made = CONVERTER.structure(own, kind)
    made._producer = content["_producer"]
    return made


def version_of(run: str) -> int | None:
    return uuid.UUID(run).version
