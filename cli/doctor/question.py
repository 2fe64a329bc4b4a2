"""A question to an account, its answer in a line, and what an account that does not answer comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.session import Session
from stacks.config import Settings

CENTRAL_REGION = "us-east-1"  # where AWS answers for all regions: costs, bucket quotas, what is where
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403")


class Verdict(StrEnum):
    """`refused`: a deployment cannot work. `not asked`: nobody knows; it may."""

    OK = "ok"
    WARNING = "warning"
    REFUSED = "refused"
    NOT_ASKED = "not asked"


@dataclass(frozen=True)
class Answer:
    """A line of the report: what was asked about, what was found, and the next step where there is one."""

    about: str
    verdict: Verdict
    what: str
    do: str = ""


@dataclass(frozen=True)
class Patient:
    """An environment that is asked about. `stacks`: what CloudFormation says of those that it has, by their
    short names; None while that is not known.
    """

    session: Session
    settings: Settings
    stacks: Mapping[str, Mapping[str, Any]] | None = None

    @property
    def central(self) -> Session:
        """The same account in the region that answers for all."""
        return replace(self.session, names=replace(self.session.names, region=CENTRAL_REGION))

    def has(self, stack: str) -> bool:
        return stack in (self.stacks or {})


@dataclass(frozen=True)
class Question:
    """`rights`: what the caller needs to ask it."""

    about: str
    rights: tuple[str, ...]
    ask: Callable[[Patient], Iterable[Answer]]


def answers(questions: Sequence[Question], patient: Patient) -> Iterator[Answer]:
    """What became of each question; one that AWS does not answer hinders no other."""
    for question in questions:
        try:
            yield from list(question.ask(patient))
        except (ClientError, BotoCoreError) as error:
            yield unanswered(question, error)


def unanswered(question: Question, error: ClientError | BotoCoreError) -> Answer:
    """What AWS did not tell, and the right that was missing if that was why."""
    if not isinstance(error, ClientError) or error.response["Error"]["Code"] not in DENIED:
        return Answer(question.about, Verdict.NOT_ASKED, str(error), "ask again, or look in the console")
    missing = [r for r in question.rights if r.partition(":")[2] == error.operation_name] or question.rights
    needs = " and ".join(missing)
    return Answer(
        question.about, Verdict.NOT_ASKED, f"AWS denies {needs}", f"ask with a role that may {needs}"
    )


def error_code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
