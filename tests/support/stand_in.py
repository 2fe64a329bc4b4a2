"""Jobs of a deployed emulation that run a script of the test in place of their own."""

from __future__ import annotations

from collections.abc import Iterable

from local.session import Session


def put_script(session: Session, domain: str, stages: Iterable[str], script: str) -> None:
    """Leaves the script where the jobs of these stages look for theirs."""
    for stage in stages:
        job = session.client("glue").get_job(JobName=session.names.job(domain, stage))["Job"]
        bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
        session.client("s3").put_object(Bucket=bucket, Key=key, Body=script.encode())
