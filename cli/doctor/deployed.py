"""How a deployed environment is: its stacks, alarms, last runs, and what was changed past CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cli.doctor.question import Answer, Patient, Question, Verdict
from cli.domain_stacks import HOW, left_behind
from cli.runs import ENDED_BADLY
from local.session import Session
from shared.names import DOMAIN_STACK, SHARED_STACKS, WAREHOUSE, domain_stack
from stacks.config import Settings

PLANNED = "REVIEW_IN_PROGRESS"  # a change set was made and never carried out: there is no stack yet
ROLLED_BACK = "ROLLBACK_COMPLETE"
DRIFTED, NEVER = "DRIFTED", "NOT_CHECKED"


def wanted(settings: Settings) -> list[str]:
    """The stacks that an environment is to have, by their short names."""
    warehouse = (WAREHOUSE,) if settings.warehouse else ()
    return [*SHARED_STACKS, *warehouse, *map(domain_stack, settings.chosen_domains)]


def stacks_of(session: Session, settings: Settings) -> dict[str, Mapping[str, Any]]:
    """What CloudFormation says of the environment's stacks, by their short names; also of those of domains
    that it does not have any more.
    """
    start, known = session.names.name(""), wanted(settings)
    pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
    every = {s["StackName"]: s for page in pages for s in page["Stacks"] if s["StackName"].startswith(start)}
    found = {name.removeprefix(start): stack for name, stack in every.items()}
    return {
        name: stack
        for name, stack in found.items()
        if stack["StackStatus"] != PLANNED and (name in known or name.startswith(DOMAIN_STACK))
    }


def stacks(patient: Patient) -> Iterator[Answer]:
    if (there := patient.stacks) is None:
        return
    bad = [answer for name, stack in there.items() if (answer := _state(name, stack))]
    yield from bad
    missing = len(set(wanted(patient.settings)) - set(there))
    for stack in left_behind(patient.session.names, patient.settings.chosen_domains, _full(there)):
        what = "is of a domain that the environment does not have any more; its schedule goes on"
        yield Answer(f"stack {stack}", Verdict.WARNING, what, f"{HOW} {stack}")
    if not there:
        yield Answer("stacks", Verdict.OK, "none yet", f"./lake deploy --env {patient.settings.env}")
    elif not bad:
        what = f"{len(there)} deployed" + (f", {missing} to come" if missing else "")
        yield Answer("stacks", Verdict.OK, what)


def _full(there: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [str(stack["StackName"]) for stack in there.values()]


def _state(name: str, stack: Mapping[str, Any]) -> Answer | None:
    """What hinders the next deployment, or should be known before it."""
    status, about = str(stack["StackStatus"]), f"stack {name}"
    if status.endswith("_IN_PROGRESS"):
        return Answer(about, Verdict.REFUSED, status, "wait until CloudFormation has finished")
    if status == "UPDATE_ROLLBACK_FAILED":
        step = f"aws cloudformation continue-update-rollback --stack-name {stack['StackName']}"
        return Answer(about, Verdict.REFUSED, status, step)
    if status.endswith("_FAILED") or (status == ROLLED_BACK and stack.get("EnableTerminationProtection")):
        return Answer(about, Verdict.REFUSED, status, "delete the stack: docs/howto/deployment.md")
    if status == ROLLED_BACK:
        return Answer(
            about, Verdict.WARNING, status, "its creation failed; the next deployment makes it anew"
        )
    if status == "UPDATE_ROLLBACK_COMPLETE":
        step = "its last update failed; see its events in CloudFormation before the next"
        return Answer(about, Verdict.WARNING, status, step)
    return None


def drift(patient: Patient) -> Iterator[Answer]:
    """As CloudFormation found it last: looking anew takes minutes, and is asked for by hand."""
    there = patient.stacks or {}
    known = {name: stack.get("DriftInformation", {}) for name, stack in there.items()}
    for name, stack in there.items():
        if known[name].get("StackDriftStatus") == DRIFTED:
            step = f"aws cloudformation describe-stack-resource-drifts --stack-name {stack['StackName']}"
            what = f"changed past CloudFormation, as of {known[name]['LastCheckTimestamp']:%Y-%m-%d %H:%M}"
            yield Answer(f"drift of {name}", Verdict.WARNING, what, step)
    unknown = [name for name in there if known[name].get("StackDriftStatus", NEVER) == NEVER]
    if unknown:
        stack = there[unknown[0]]["StackName"]
        what = f"CloudFormation has not looked at {', '.join(unknown)} yet"
        step = f"aws cloudformation detect-stack-drift --stack-name {stack}"
        yield Answer("drift", Verdict.NOT_ASKED, what, step)
    elif there and not any(k.get("StackDriftStatus") == DRIFTED for k in known.values()):
        yield Answer("drift", Verdict.OK, "no stack was changed past CloudFormation")


def alarms(patient: Patient) -> Iterator[Answer]:
    if not patient.has("monitoring"):
        return
    prefix, client = patient.session.names.name(""), patient.session.client("cloudwatch")
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    found = [a for page in pages for a in page["MetricAlarms"]]
    loud = sorted(a["AlarmName"] for a in found if a["StateValue"] == "ALARM")
    for name in loud:
        step = f"docs/howto/runbook.md, {name.removeprefix(prefix)}"
        yield Answer("alarm", Verdict.WARNING, f"{name} is on", step)
    if not loud:
        yield Answer("alarms", Verdict.OK, f"none of {len(found)} is on")


def last_runs(patient: Patient) -> Iterator[Answer]:
    states, env = patient.session.client("stepfunctions"), patient.settings.env
    for domain in (d for d in patient.settings.chosen_domains if patient.has(domain_stack(d))):
        machine = patient.session.names.machine_arn(domain)
        try:
            found = states.list_executions(stateMachineArn=machine, maxResults=1)["executions"]
        except states.exceptions.StateMachineDoesNotExist:
            continue
        about = f"last run of {domain}"
        if not found:
            yield Answer(about, Verdict.OK, "none yet")
        elif found[0]["status"] in ENDED_BADLY:
            what = f"{found[0]['name']} {found[0]['status']}"
            yield Answer(about, Verdict.WARNING, what, f"./lake status {domain} --env {env}")
        else:
            yield Answer(about, Verdict.OK, f"{found[0]['name']} {found[0]['status']}")


def hash_key(patient: Patient) -> Iterator[Answer]:
    """Nothing here rotates it; in an account something else may."""
    if not patient.has("storage"):
        return
    secrets, name = patient.session.client("secretsmanager"), patient.session.names.hash_key
    try:
        found = secrets.describe_secret(SecretId=name)
    except secrets.exceptions.ResourceNotFoundException:
        step = f"./lake deploy --env {patient.settings.env} makes it where storage is older"
        yield Answer("hash key", Verdict.WARNING, f"there is no secret {name}", step)
        return
    if "DeletedDate" in found:
        step = f"aws secretsmanager restore-secret --secret-id {name}"
        yield Answer("hash key", Verdict.REFUSED, f"{name} is to be deleted: hashes end with it", step)
    elif found.get("RotationEnabled"):
        step = f"aws secretsmanager cancel-rotate-secret --secret-id {name}"
        what = f"{name} rotates: equal values would no longer have equal hashes"
        yield Answer("hash key", Verdict.REFUSED, what, step)
    else:
        yield Answer("hash key", Verdict.OK, f"{name}, which does not rotate")


STACK_RIGHTS = ("cloudformation:DescribeStacks",)
QUESTIONS = (
    Question("stacks", STACK_RIGHTS, stacks),
    Question("drift", STACK_RIGHTS, drift),
    Question("hash key", ("secretsmanager:DescribeSecret",), hash_key),
    Question("alarms", ("cloudwatch:DescribeAlarms",), alarms),
    Question("last runs", ("states:ListExecutions",), last_runs),
)
