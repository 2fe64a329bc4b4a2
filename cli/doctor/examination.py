"""All questions to an environment's account, in the order in which people mend what they find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from botocore.exceptions import BotoCoreError, ClientError

from cli.doctor import account, deployed, network, people, quotas, taken
from cli.doctor.question import Answer, Patient, Question, Verdict, answers, unanswered
from local.session import Session
from stacks.config import Settings

QUESTIONS: tuple[Question, ...] = (
    *account.QUESTIONS,
    *quotas.QUESTIONS,
    *network.QUESTIONS,
    *taken.QUESTIONS,
    *deployed.QUESTIONS,
    *people.QUESTIONS,
)


def examine(session: Session, settings: Settings) -> Iterator[Answer]:
    """Asks everything; which stacks there are first, as much depends on it."""
    try:
        stacks = deployed.stacks_of(session, settings)
    except (ClientError, BotoCoreError) as error:
        stacks = None
        yield unanswered(deployed.QUESTIONS[0], error)
    yield from answers(QUESTIONS, Patient(session, settings, stacks))


def can_work(found: Iterable[Answer]) -> bool:
    """Whether nothing is known that would stop a deployment."""
    return all(answer.verdict is not Verdict.REFUSED for answer in found)
