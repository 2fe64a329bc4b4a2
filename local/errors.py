"""What may go wrong without a bug: shown as a message, never as a traceback."""

from __future__ import annotations


class LakeError(Exception):
    """Base of the expected errors of `./lake`; its text says what was expected, what was found and what to
    do.
    """


def expected() -> tuple[type[Exception], ...]:
    """All expected errors: ours, a wrong contract or setting, and whatever AWS refuses."""
    from botocore.exceptions import BotoCoreError, ClientError

    from shared.contracts import ContractError
    from stacks.config import ConfigError

    return (LakeError, ContractError, ConfigError, ClientError, BotoCoreError)
