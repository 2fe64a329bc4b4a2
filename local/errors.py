"""What may go wrong without a bug: shown as a message, never as a traceback."""

from __future__ import annotations


class LakeError(Exception):
    """Base of the expected errors of `./lake`; its text says what was expected, what was found and what to
    do.
    """


def expected() -> tuple[type[Exception], ...]:
    """All expected errors: ours, a wrong contract, report or setting, whatever AWS refuses, and files that
    cannot be read or written.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from shared.contracts import ContractError
    from shared.reports import ReportError
    from stacks.config import ConfigError

    return (LakeError, ContractError, ReportError, ConfigError, ClientError, BotoCoreError, OSError)
