"""Stacks of an environment that were never complete: while these are made, nothing protects them.

CloudFormation cannot update a stack whose creation failed, only delete it, and the CDK CLI protects a stack
from deletion before it is made; a table that refuses to be deleted stops the rollback, too.
"""

from __future__ import annotations

from local.deploy import described
from local.session import Session
from shared.names import STATEFUL, WAREHOUSE
from stacks.config import settings

NEVER_COMPLETE = (
    "REVIEW_IN_PROGRESS",
    "CREATE_IN_PROGRESS",
    "CREATE_FAILED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_FAILED",
    "ROLLBACK_COMPLETE",
)


def never_complete(session: Session) -> tuple[str, ...]:
    """The stateful stacks that are not there, or whose creation failed."""
    names, cloudformation = session.names, session.client("cloudformation")
    wanted = [s for s in STATEFUL if s != WAREHOUSE or settings(names.env).warehouse]
    found = {s: described(cloudformation, names.name(s)) for s in wanted}
    return tuple(s for s, stack in found.items() if stack is None or stack["StackStatus"] in NEVER_COMPLETE)
