"""The contract, and the SQL of gold, that a domain's deployed jobs go by."""

from __future__ import annotations

import io
import zipfile

from local.session import Session
from shared.contracts.load import compiled
from shared.gold_statements import SUFFIX, packed_name, statement_files
from shared.names import STAGES


def is_deployed(session: Session, domain: str) -> bool:
    """Whether the jobs' library has the contract and the SQL of gold that are on disk, to the letter."""
    job = session.client("glue").get_job(JobName=session.names.job(domain, STAGES[-1]))["Job"]
    bucket, _, key = job["DefaultArguments"]["--extra-py-files"].removeprefix("s3://").partition("/")
    library = session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with zipfile.ZipFile(io.BytesIO(library)) as packed:
        found = {n: packed.read(n) for n in packed.namelist() if _is_compared(n, domain)}
    return found == _on_disk(domain)


def _is_compared(name: str, domain: str) -> bool:
    return name == _contract(domain) or (
        name.startswith(packed_name(domain, "").removesuffix(SUFFIX)) and name.endswith(SUFFIX)
    )


def _on_disk(domain: str) -> dict[str, bytes]:
    statements = {packed_name(domain, t): path.read_bytes() for t, path in statement_files(domain).items()}
    return {_contract(domain): compiled((domain,))[f"{domain}.odcs.json"], **statements}


def _contract(domain: str) -> str:
    return f"shared/contracts/{domain}.odcs.json"
