"""A protected environment with every option that no environment has by default, all at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.synth import LOCAL_CONTEXT
from stacks.config import environments
from tests.stack.conftest import Assembly, read

PEOPLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Analyst_0a1b2c"
PARTNER_ROLE = "arn:aws:iam::444455556666:role/exporter"
EVERYTHING: dict[str, Any] = {
    "protected": True,
    "scheduled": True,
    "audit_objects": True,
    "warehouse": True,
    "alert_emails": ["data-team@example.org"],
    "lake_formation": True,
    "lineage": {"url": "https://marquez.example.org/api/v1/lineage", "secret_name": "marquez/key"},
    "producers": {"shop": [PARTNER_ROLE], "web": ["444455556666", "777788889999"]},
    "existing_network": {
        "vpc_id": "vpc-0a1b2c3d",
        "subnet_ids": ["subnet-0a1b2c31", "subnet-0a1b2c32", "subnet-0a1b2c33"],
    },
    "warehouse_clients": {
        "security_groups": ["sg-0a1b2c3d"],
        "prefix_lists": ["pl-0a1b2c3d"],
        "cidrs": ["10.9.0.0/16"],
    },
    "backup": {
        "days": 60,
        "copy_to": "arn:aws:backup:eu-west-1:444455556666:backup-vault:lakehouse-copies",
        "copy_days": 90,
    },
    "analysts": {"shop": {"principals": [PEOPLE], "silver": True}, "web": {"principals": ["123456789012"]}},
}


def assembled(out: Path, env: str = "full", **changed: Any) -> Assembly:
    """The templates of EVERYTHING with some settings changed; None leaves one out."""
    import app

    given = {k: v for k, v in (EVERYTHING | changed).items() if v is not None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(environments(), env, given)
        app.build([env], context=LOCAL_CONTEXT, outdir=str(out)).synth()
    return read(out, [env])
