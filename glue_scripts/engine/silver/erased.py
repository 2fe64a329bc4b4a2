"""Records of people who were erased do not come back, whichever file brings them: normal runs, full refresh
and replay leave them out, and count them.
"""

from __future__ import annotations

from collections import defaultdict

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

from glue_scripts.engine.read.keyed_hashes import PADS, keyed_hash_of, with_pads
from glue_scripts.engine.read.sql import INVISIBLE, literal, quoted
from glue_scripts.engine.run.job import Job
from glue_scripts.engine.run.session import hash_key
from glue_scripts.engine.silver.protection import HashKeyError
from shared.contracts import Dataset
from shared.contracts.people import Identity, identities, identity_names, marked
from shared.contracts.protection import key_mark
from shared.ledger import Ledger


def erased_people(job: Job, ledger: Ledger) -> frozenset[tuple[str, str]]:
    """Names and keyed hashes of the people who must not come back. Raises HashKeyError where these were made
    with another key than the environment has: they would match nobody.
    """
    found = ledger.erased(job.domain)
    if not identity_names(job.contract):  # then nothing is compared, and the job may not read the key
        return found
    if found and ledger.erased_keys(job.domain) - {key_mark(hash_key(job))}:
        raise HashKeyError(
            f"{job.domain}: its erased people are known by hashes of another key than the secret"
            f" {job.names.hash_key} holds now, and would come back. Nothing was changed: give the secret its"
            " former text back (its version AWSPREVIOUS, where it is there still;"
            " docs/howto/erase-a-person.md)."
        )
    return found


def told_apart(spark: SparkSession, rows: DataFrame, job: Job, dataset: Dataset) -> DataFrame:
    """Judged rows with `_erased`, those of erased people; these are `_bad` too, for no table takes them."""
    known = [i for i in identities(job.contract, dataset.target) if i.column in rows.columns]
    by_name = defaultdict[str, list[str]](list)
    for name, mark in sorted(job.erased):
        by_name[name].append(mark)
    if not any(by_name[i.name] for i in known):
        return rows.withColumn("_erased", F.lit(False))
    keyed = with_pads(spark, rows, hash_key(job))
    tests = [F.expr(_mark(i)).isin(by_name[i.name]) for i in known if by_name[i.name]]
    erased = F.lit(False)
    for test in tests:
        erased = erased | F.coalesce(test, F.lit(False))
    found = keyed.withColumn("_erased", erased).drop(*PADS)
    return found.withColumn("_bad", F.col("_bad") | F.col("_erased"))


def _mark(identity: Identity) -> str:
    """SQL for the tombstone of a value (`marked` of shared/contracts/people.py)."""
    value = f"trim(BOTH {literal(INVISIBLE)} FROM CAST({quoted(identity.column)} AS string))"
    return keyed_hash_of(f"concat({literal(marked(identity.name, ''))}, {value})")
