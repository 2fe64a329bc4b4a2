"""The answer of a statement, of whichever lake: `./lake query` prints it, the console shows it."""

from __future__ import annotations

from cli.remote_athena import run as run_on_aws
from local import athena
from local.answer_limits import WHOLE, Limits
from local.athena import Answer
from local.session import Session
from shared.contracts import domains


def answer_of(session: Session, statement: str, domain: str | None, limits: Limits = WHOLE) -> Answer:
    """Of DuckDB on the laptop, of Athena in a deployed environment. Raises QueryError or
    UnknownStatementError for what neither understands.
    """
    query = athena.run if session.endpoint else run_on_aws
    return query(session, statement, domains(), domain, limits=limits)
