"""What Python packages cannot bring: the Spark jars (by Maven coordinates, through Spark's own resolver) and
the place of Node.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from local.errors import LakeError
from local.processes import run
from local.settings import HOME

ICEBERG = "1.11.0"
HADOOP = "3.4.2"  # the version of pyspark's own Hadoop jars
TRANSFER_MANAGER = "2.44.4"  # the AWS SDK inside the Iceberg bundle; S3A needs this module of it in addition
COORDINATES = (
    f"org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:{ICEBERG}",
    f"org.apache.iceberg:iceberg-aws-bundle:{ICEBERG}",
    f"org.apache.hadoop:hadoop-aws:{HADOOP}",
    f"software.amazon.awssdk:s3-transfer-manager:{TRANSFER_MANAGER}",
)
# The Iceberg bundle holds these already; `bundle` alone would be 600 MB.
_SDK_MODULES = """
    bundle s3 sdk-core aws-core auth http-auth http-auth-aws http-auth-aws-crt http-auth-spi
    http-auth-aws-eventstream identity-spi regions
    utils profiles annotations arns json-utils protocol-core aws-xml-protocol aws-query-protocol
    http-client-spi endpoints-spi checksums
    checksums-spi crt-core retries retries-spi metrics-spi third-party-jackson-core utils-lite apache-client
    apache5-client netty-nio-client
    url-connection-client
""".split()  # noqa: SIM905
EXCLUDED = (
    *(f"software.amazon.awssdk:{module}" for module in _SDK_MODULES),
    "org.reactivestreams:reactive-streams",
    "org.slf4j:slf4j-api",
    "software.amazon.eventstream:eventstream",
    "org.wildfly.openssl:wildfly-openssl",
)
LOCK = Path(__file__).parent / "jars.lock"
_RESOLVE = """
from pyspark.sql import SparkSession
import sys
b = SparkSession.builder.master("local[1]")
b = b.config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1")
for name, value in zip(("ivy", "packages", "excludes"), sys.argv[1:]):
    b = b.config("spark.jars." + name, value)
b.getOrCreate().stop()
"""


class ToolchainError(LakeError):
    """A tool could not be fetched, or is not what it should be."""


def jars() -> list[Path]:
    """The verified jars in `.lake/jars`, fetched on first use.

    Raises ToolchainError when they cannot be had or were changed.
    """
    target, digests = HOME / "jars", locked()
    if not all((target / name).exists() for name in digests):
        _fetch(target, digests)
    if not _stamped(target):
        verify(target, digests)
        _stamp(target).write_text(_fingerprint(target))
    return [target / name for name in sorted(digests)]


def locked() -> dict[str, str]:
    """Jar name → sha256, as `jars.lock` says."""
    lines = (line.split() for line in LOCK.read_text().splitlines() if line and not line.startswith("#"))
    return {name: digest for digest, name in lines}


def verify(folder: Path, digests: dict[str, str]) -> None:
    """Compares every jar with its checksum. Raises ToolchainError at the first that differs."""
    for name, digest in digests.items():
        with (folder / name).open("rb") as jar:
            actual = hashlib.file_digest(jar, "sha256").hexdigest()
        if actual != digest:
            raise ToolchainError(
                f"{folder / name}: expected sha256 {digest} ({LOCK.name}), found {actual}",
                f"delete {folder / name}, then give the same command again",
            )


def _fetch(target: Path, digests: dict[str, str]) -> None:
    print(f"fetching {len(digests)} Spark jars (110 MB, once) …", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=_made(HOME)) as scratch:
        command = [sys.executable, "-c", _RESOLVE, scratch, ",".join(COORDINATES), ",".join(EXCLUDED)]
        done = run(command, cwd=Path(scratch), env={**os.environ, "PYSPARK_PYTHON": sys.executable})
        fetched = Path(scratch) / "jars"
        missing = [name for name in digests if not (fetched / name).exists()]
        if done.code or missing:
            raise ToolchainError(
                f"could not fetch the Spark jars {', '.join(missing)}. They are needed once, with a"
                f" network. Spark said:\n{done.words()}",
                "connect to the network (behind a proxy set JAVA_TOOL_OPTIONS=-Dhttps.proxyHost=…"
                " -Dhttps.proxyPort=…), then try again",
            )
        verify(fetched, digests)
        _made(target)
        for name in digests:
            shutil.move(fetched / name, target / name)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _stamp(target: Path) -> Path:
    return target / ".verified"


def _stamped(target: Path) -> bool:
    """Whether the jars are those that were verified last, judged by size and time: hashing 110 MB at every
    start is too slow.
    """
    return _stamp(target).exists() and _stamp(target).read_text() == _fingerprint(target)


def _fingerprint(target: Path) -> str:
    files = sorted((p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in target.glob("*.jar"))
    return hashlib.sha256(repr((files, LOCK.read_text())).encode()).hexdigest()
