"""What `./lake doctor` takes for granted of the templates."""

from __future__ import annotations

import json
from collections import Counter

from cli.doctor import account, deployed, quotas
from cli.doctor.taken import LOG_GROUPS, RUNS
from shared.names import Names
from stacks.config import settings
from tests.stack.conftest import ACCOUNT, ENVS, REGION, Assembly


def test_the_doctor_knows_every_stack(assembly: Assembly) -> None:
    for env in ENVS:
        assert {stack for of, stack in assembly.stacks if of == env} == {*deployed.wanted(settings(env))}


def test_the_doctor_asks_for_the_bootstrap_that_the_assembly_needs(assembly: Assembly) -> None:
    for env in ENVS:
        manifest = json.loads((assembly.folder / f"assembly-{env}" / "manifest.json").read_text())
        stacks = [a for a in manifest["artifacts"].values() if a["type"] == "aws:cloudformation:stack"]
        needed = {stack["properties"]["requiresBootstrapStackVersion"] for stack in stacks}
        assert needed == {account.BOOTSTRAP_VERSION}


def test_the_doctor_counts_what_the_templates_make(assembly: Assembly) -> None:
    for env in ENVS:
        names, chosen = Names(env, ACCOUNT, REGION), settings(env)
        buckets = {names.bucket(z.removeprefix(f"lakehouse-{env}-")) for z in prefixes(assembly, env)}
        assert quotas.buckets_of(names, chosen) == buckets
        jobs = assembly.named("AWS::Glue::Job", "Name", env)
        assert quotas.jobs_of(names, chosen) == jobs
        roles = Counter(place.split("/")[1] for place, _ in assembly.resources("AWS::IAM::Role", env))
        assert max(n for stack, n in roles.items() if stack.startswith("domain-")) <= quotas.ROLES_OF_A_DOMAIN
        sources = [r for _, r in assembly.resources("AWS::Lambda::EventSourceMapping", env)]
        most = max(s["Properties"]["ScalingConfig"]["MaximumConcurrency"] for s in sources)
        assert most == quotas.INGEST_CONCURRENCY


def prefixes(assembly: Assembly, env: str) -> set[str]:
    return {str(r["Properties"]["BucketNamePrefix"]) for _, r in assembly.resources("AWS::S3::Bucket", env)}


def test_the_doctor_knows_the_log_groups_of_the_machines(assembly: Assembly) -> None:
    for env in ENVS:
        named = [
            r["Properties"].get("LogGroupName") for _, r in assembly.resources("AWS::Logs::LogGroup", env)
        ]
        wanted = {
            LOG_GROUPS + Names(env, ACCOUNT, REGION).state_machine(d) for d in settings(env).chosen_domains
        }
        assert {name for name in named if name and LOG_GROUPS in name} == wanted


def test_the_doctor_knows_the_tables_over_files(assembly: Assembly) -> None:
    """Those of metrics by their name, those of bronze by their datasets."""
    for env in ENVS:
        tables = [r["Properties"] for _, r in assembly.resources("AWS::Glue::Table", env)]
        metrics = {t["TableInput"]["Name"] for t in tables if t["DatabaseName"].endswith("_metrics")}
        assert metrics == {RUNS}
