"""The environment variables of the emulation and of everything that talks to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local import spark
from local.settings import ACCOUNT, REGION

# A profile, a session or a configured service endpoint of the user's would win over the emulation's address.
FOREIGN = (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "SPARK_HOME",
    "SPARK_CONF_DIR",
)
APP_ID = "AWS_SDK_UA_APP_ID"  # the SDKs put it into their user agent: which of our jobs and functions asks


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def client_environment(endpoint: str) -> dict[str, str]:
    """What an AWS SDK needs to reach the emulation and nothing else; the access key is the account, as
    ministack reads it.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",  # nosec B105: the emulation's
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def server_environment(port: int, state: Path, outer: Mapping[str, str]) -> dict[str, str]:
    """The environment of the emulation's process; Lambda workers and Glue jobs inherit it."""
    kept = {k: v for k, v in outer.items() if k not in FOREIGN and not k.startswith("AWS_ENDPOINT_URL")}
    own = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "LAMBDA_EXECUTOR": "local",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "services"),
        "IOT_MTLS_ENABLED": "0",  # it would open port 8883
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": outer.get("LAKE_AWS_LOG_LEVEL", "INFO"),
        "POWERTOOLS_TRACE_DISABLED": "1",  # there is no X-Ray daemon
    }
    return {**kept, **client_environment(url(port)), **spark.environment(), **own}
