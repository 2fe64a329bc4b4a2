"""Every AWS call of whole local runs against the synthesized policy of its role: nothing is denied, and what no run needs has a reason.

Calls are recorded by the emulation (local/aws/calls.py); its policy evaluator, which is not ours, decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from cli import demo, runs
from local import deploy, toolchain
from local.aws import calls, process
from local.session import Session
from local.session import laptop_session as laptop
from shared.contracts import domains
from tests.pipeline.delivered import COPIES, FILES
from tests.stack.conftest import ACCOUNT, REGION, Assembly, assembly
from tests.support.rights import Role, resolved, roles

REQUESTS: dict[str, list[dict[str, Any]]] = {"shop": [{}], "web": [{}, {"maintenance": True}], "retail": [{}]}
__all__ = ["assembly"]
REASONS = Path(__file__).parent / "unused_grants.json"
CALLERS = {  # type → properties that name it and its role
    "AWS::Glue::Job": ("Name", "Role"),
    "AWS::Lambda::Function": ("FunctionName", "Role"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "RoleArn"),
}


@dataclass(frozen=True)
class Call:
    caller: str
    action: str
    resource: str
    context: dict[str, Any]


@pytest.fixture(scope="module")
def recorded(assembly: Assembly, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Call]]:
    """All calls of one run per domain, one of them after a run that died, and of one maintenance."""
    toolchain.jars()
    state = tmp_path_factory.mktemp("aws")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(calls.SWITCH, str(state / "calls.jsonl"))
        patch.setenv("SFN_WAIT_SCALE", "0.01")  # thirty seconds pass in a third of one
        emulation = process.start(state)
    try:
        session = laptop(emulation)
        deploy.deploy_assembly(session, assembly.folder / "assembly-dev", state / "recorded.json")
        for wave in (FILES, COPIES):
            deliver(session, wave)
        leave_lock(session, "web")
        session.ledger.remember_erased("shop", [("user_id", 64 * "0")], "2026-01-01T00:00:00+00:00", "")
        for domain, request in ((d, r) for d in domains() for r in REQUESTS[d]):
            outcome = runs.follow(session, domain, runs.start(session, domain, request), lambda _: None)
            assert outcome.succeeded, outcome
        yield [Call(**json.loads(line)) for line in (state / "calls.jsonl").read_text().splitlines()]
    finally:
        process.stop(state)


def deliver(session: Session, files: Mapping[str, bytes]) -> None:
    """Puts files into the raw bucket and waits until each has an outcome."""
    s3, bucket = session.client("s3"), session.names.bucket("raw")
    for key, content in files.items():
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    for domain in domains():
        demo.wait_for_outcomes(session, domain, {key for key in files if key.startswith(f"{domain}/")})


def leave_lock(session: Session, domain: str) -> None:
    """As a run leaves it that nobody remembers: the next one asks for it and takes its lock over."""
    item = {"pk": {"S": f"lock#{domain}"}, "sk": {"S": "lock"}, "run_id": {"S": "of-another-age"}}
    session.client("dynamodb").put_item(TableName=session.names.ledger_table, Item=item)


@pytest.fixture(scope="module")
def roles_of_callers(assembly: Assembly) -> dict[str, Role]:
    by_place = {role.place: role for role in roles(assembly, "dev")}
    found = {}
    for kind, (name, role) in CALLERS.items():
        for place, resource in assembly.resources(kind, "dev"):
            stack = place.rpartition("/")[0]
            own = resource["Properties"][role]["Fn::GetAtt"][0]
            found[str(resolved(resource["Properties"][name], assembly.template(*stack.split("/"))))] = (
                by_place[f"{stack}/{own}"]
            )
    return found


def allowed(call: Call, role: Role) -> list[int]:
    """Indexes of the statements that allow a call; none if it is denied."""
    context = EvalContext(
        "arn:aws:iam::123456789012:role/r",
        "AssumedRole",
        ACCOUNT,
        call.action,
        call.resource,
        REGION,
        service_context=call.context,
    )
    parsed = [parse_policy_document({"Statement": [s]}) for s in role.statements]
    if evaluate(context, parsed).decision != "Allow":
        return []
    return [i for i, one in enumerate(parsed) if evaluate(context, [one]).decision == "Allow"]


def test_every_call_is_allowed_by_the_policy_of_its_role(
    recorded: list[Call], roles_of_callers: dict[str, Role]
) -> None:
    assert {kind(c.caller) for c in recorded} >= {
        "ingest",
        "<domain>",
        "<domain>-bronze-to-silver",
        "<domain>-silver-to-gold",
    }
    denied = sorted(
        {
            (c.caller, c.action, c.resource, json.dumps(c.context))
            for c in recorded
            if not allowed(c, roles_of_callers[c.caller])
        }
    )
    assert denied == []


def test_the_record_would_show_a_right_that_is_missing(
    recorded: list[Call], roles_of_callers: dict[str, Role]
) -> None:
    """Each action that was used, taken away from its role."""
    for name in sorted({c.caller for c in recorded}):
        role, own = roles_of_callers[name], [c for c in recorded if c.caller == name]
        for action in sorted({c.action for c in own}):
            less = Role(role.place, tuple(_without(role, action)))
            assert any(not allowed(c, less) for c in own if c.action == action), (name, action)


def _without(role: Role, action: str) -> Iterator[dict[str, Any]]:
    for statement in role.statements:
        if rest := [a for a in statement["Action"] if a.lower() != action.lower()]:
            yield {**statement, "Action": rest}


def test_grants_that_no_run_uses_have_a_reason(
    recorded: list[Call], roles_of_callers: dict[str, Role]
) -> None:
    """By kind of role, over all domains. A grant that is used now, or is gone, must be taken off the list; one
    that a run uses `at times`, when two of its files meet, may stay.
    """
    granted: dict[str, set[str]] = {}
    used: dict[str, set[str]] = {}
    for name, role in roles_of_callers.items():
        granted.setdefault(kind(name), set()).update(a for s in role.statements for a in s["Action"])
    for call in recorded:
        used.setdefault(kind(call.caller), set()).add(call.action)
    unused = {(k, action) for k, actions in granted.items() for action in actions - used.get(k, set())}
    reasons: dict[str, dict[str, str]] = json.loads(REASONS.read_text())
    assert sorted(u for u in unused if _reason(u, reasons, used) is None) == []
    written = {
        (k, a) for k, of in reasons.items() for a, why in of.items() if not why.startswith("at times: ")
    }
    assert sorted(written - {entry for u in unused if (entry := _reason(u, reasons, used))}) == []
    assert all(
        action in granted[k] for k, of in reasons.items() if k in granted for action in of if action != "*"
    )
    assert all(len(reason) > 20 for of in reasons.values() for reason in of.values())


def _reason(
    unused: tuple[str, str], reasons: dict[str, dict[str, str]], used: dict[str, set[str]]
) -> tuple[str, str] | None:
    """The entry that gives the reason: of the kind, of a kind that never ran (`*` for its action), or of all
    kinds (`*` for its kind).
    """
    role, action = unused
    never_ran = [(role, "*")] if role not in used else []
    return next(
        (e for e in [(role, action), *never_ran, ("*", action)] if e[1] in reasons.get(e[0], {})), None
    )


def kind(caller: str) -> str:
    """The caller's name without environment and domain."""
    own = caller.removeprefix("lakehouse-dev-")
    domain = next((d for d in domains() if own == d or own.startswith(f"{d}-")), None)
    return own if domain is None else own.replace(domain, "<domain>", 1)
